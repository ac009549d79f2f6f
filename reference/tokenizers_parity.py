"""Compares our tokenizers with PyPI's `tokenizers`: ids, text, and seconds.

    .libtorch/python/bin/python reference/tokenizers_parity.py [--data FOLDER] [--binary PATH] [--all]

Writes strings to a temporary folder, lets `errata-parity tokenizers` encode and decode them, and
compares. Exits with 1 when anything differs.

The tokenizers: GPT-2's, LLaMA-2's and a small LLaMA's from the data folder, and six trained here on
generated text so that the other components have a real file too (LLaMA-3's pattern with
`ignore_merges`, Metaspace, digits apart, added tokens with every flag).

    ... --fixture Tests/TokenizersTests/Fixtures/recorded.json

writes the small tokenizers and what the package makes of some strings to a file for the tests.
"""

import argparse
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile
import time

os.environ["TOKENIZERS_PARALLELISM"] = "false"
os.environ["RAYON_NUM_THREADS"] = "1"

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer
from tokenizers import decoders, models, normalizers, pre_tokenizers, processors, trainers

ROOT = pathlib.Path(__file__).resolve().parent.parent
PASSES = 3

LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)

# Strings that tokenizers get wrong.
HARD = [
    "", " ", "  ", "   a", "a   ", "a   b", "\n", "\n\n\n", "a\n\n b", "\t\t x", " \n ", "\r\n", "a \r\n\r\n b",
    "\u00a0", "a\u00a0b", "\u2003x", "\u3000全", "\u0085", "\u2028\u2029", "\u200b", "\u1680", "\u180e", "\ufeff", "\x00",
    "a\x00b", "\x1f\x7f", "it's", "IT'S", "it'ſ", "we'LL we'll we'Ll", "'s't're've'm'll'd", "''s", " 's", "x'", "'", "'ll", "'l",
    "don't can't I'd I'm", "ʼn't", "é", "e\u0301", "caf\u00e9 cafe\u0301", "ñ n\u0303", "Å Å Å", "ﬁ ﬂ ﬅ ﬆ", "ß ẞ SS", "İ ı", "Σσς",
    "👍", "👍🏽", "👨‍👩‍👧‍👦", "🇩🇪🇫🇷", "❤️", "☃", "1️⃣", "e\u0301\u0302\u0303", "\u0301", "a\u0300\u0316b",
    "日本語", "日本語のテキスト、です。", "中文字符測試", "한국어", "한국어", "ไทยภาษา", "हिन्दी", "العربية", "עברית", "שָׁלוֹם", "\u202eabc\u202c", "ab\u200fcd",
    "1", "12", "123", "1234", "12345678901", "１２３", "٣٤٥", "Ⅷ ½ ²", "3.14", "1,000,000", "x2y3", "²³¹",
    "▁", "▁▁", " ▁ ", "a▁b", "▁ ▁a", "<0x0A>", "<0xFF>", "<unk>", "<s>", "</s>", "<s>a</s>", "a<s>b", " <s> ", "<s><s>", "<s", "</s",
    "<|endoftext|>", "a<|endoftext|>b", " <|endoftext|> ", "<|endoftext|><|endoftext|>", "<|endoftext", "<<|endoftext|>>",
    "<|begin_of_text|>", "[MASK]", "a [MASK] b", "a   [MASK]   b", "word", "aword", "word!", "a word b", "[L]", "  [L]  ", "[R]", "  [R]  ",
    "[R]  [L]", "NEW", "new", "x NEW y", "norm al", "norm▁al", " norm al ", "[LL]", "[LLL", "...", "?!?!", "a.b.c", "-----", "# $ %", "_x_ __y", "\ue000", "\U000f0000",
    "\U0010ffff", "\ufffd", "\ufffe", "𝔘𝔫𝔦", "𐍈", "𓀀", "🫨", "\u1c89", "\U0001e5d0", "\U00010d50", "\U000323b0", "\u0378", "\u2ffc", "\U0002ebf0",
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", " " * 100, "\n" * 70, "ab" * 300, "x y " * 200, "日本" * 120,
    "https://example.org/a?b=c&d=%20e#f", "def f(x):\n    return x  # ok\n\n\n", "{\"a\": [1, 2.5e-3]}", "C:\\dir\\file", "a@b.c",
]


def sentences(data):
    """Strings of the data folder, each as it stands in its record."""
    def walk(value):
        if isinstance(value, str):
            yield value
        elif isinstance(value, list):
            for item in value:
                yield from walk(item)
        elif isinstance(value, dict):
            for item in value.values():
                yield from walk(item)

    for path in sorted(data.rglob("*")):
        if "tokenizers" in path.parts or not path.is_file() or path.suffix not in (".json", ".jsonl", ".txt", ".tsv"):
            continue
        text = path.read_text(encoding="utf-8")
        if path.suffix == ".json":
            yield from walk(json.loads(text))
        elif path.suffix == ".jsonl" or "mutual" in str(path):
            for line in text.split("\n"):
                if line:
                    yield from walk(json.loads(line))
        elif "conll" in str(path):
            yield from text.split("\n\n")
        else:
            yield from text.split("\n")


def generated(rng, count):
    """Random strings of every kind of character, alone and mixed."""
    def scalar(low, high):
        while True:
            value = rng.randint(low, high)
            if not 0xD800 <= value < 0xE000:
                return chr(value)

    pools = [
        lambda: scalar(0x20, 0x7E), lambda: scalar(0, 0x1F), lambda: scalar(0x80, 0x24F), lambda: scalar(0x300, 0x36F),
        lambda: scalar(0x370, 0x5FF), lambda: scalar(0x590, 0x8FF), lambda: scalar(0x900, 0x1FFF), lambda: scalar(0x2000, 0x2BFF),
        lambda: scalar(0x3000, 0x30FF), lambda: scalar(0x4E00, 0x9FFF), lambda: scalar(0xAC00, 0xD7A3), lambda: scalar(0xE000, 0xFFFF),
        lambda: scalar(0x1F300, 0x1FAFF), lambda: scalar(0x10000, 0x1FFFF), lambda: scalar(0x20000, 0x10FFFF), lambda: scalar(0, 0x10FFFF),
        lambda: rng.choice(" \t\n\r\u00a0\u3000\u2009\x0b\x0c\x85\u2028"), lambda: rng.choice("\u200d\ufe0f\u20e3🏽👩♂👍"), lambda: rng.choice("'sStTrReEvVmMlLdDſ"),
        lambda: rng.choice("0123456789²½٣Ⅷ"), lambda: rng.choice("▁ <>|/s"), lambda: rng.choice(HARD), lambda: " ", lambda: rng.choice(" ") * rng.randint(1, 9),
        lambda: rng.choice(["the", " of", "word", "<s>", "</s>", "<|endoftext|>", "[L]", "[R]", "[MASK]", "NEW", "ing"]),
    ]
    for _ in range(count):
        chosen = rng.sample(pools, rng.randint(1, 5))
        yield "".join(rng.choice(chosen)() for _ in range(rng.randint(1, 40)))


def every_scalar():
    """All of Unicode, a few hundred scalars a string, each between letters and between digits."""
    values = [v for v in range(0x110000) if not 0xD800 <= v < 0xE000]
    for start in range(0, len(values), 128):
        yield "".join(f"a{chr(v)}b1{chr(v)}2 {chr(v)}word " for v in values[start:start + 128])


# Text to train the small tokenizers on.

def prose(rng):
    starts, middles, ends = ["kar", "mel", "tho", "el", "van", "ris", "qua", "zo"], ["a", "i", "o", "en", "ul", ""], ["n", "dor", "ria", "th", "s", "'s", "mel"]
    words = [a + b + c for a in starts for b in middles for c in ends] + ["the", "of", "in", "was", "it's", "don't", "we'll", "42", "1999", "naïve", "日本", "été", "🙂"]
    for _ in range(600):
        line = " ".join(rng.choice(words) for _ in range(rng.randint(3, 12)))
        yield line.capitalize() + rng.choice([".", "!", "?\n", "...\n\n", "  "])


def save(tokenizer, folder, config=None):
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    if config:
        (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return folder


def train_llama3(folder, vocabulary):
    tokenizer = Tokenizer(models.BPE(ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(LLAMA3), "isolated"), pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)])
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(prose(random.Random(1)), trainers.BpeTrainer(
        vocab_size=vocabulary, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False))
    tokenizer.add_special_tokens(["<|begin_of_text|>", "<|end_of_text|>", "<|eot_id|>"])
    start = tokenizer.token_to_id("<|begin_of_text|>")
    tokenizer.post_processor = processors.Sequence([
        processors.ByteLevel(trim_offsets=False),
        processors.TemplateProcessing(single="<|begin_of_text|> $A", special_tokens=[("<|begin_of_text|>", start)])])
    # A token that no merge makes: only `ignore_merges` finds it.
    file = json.loads(tokenizer.to_str())
    spare = next(k for k in file["model"]["vocab"] if len(k) > 3 and k[0] != "Ġ" and k.isalpha())
    file["model"]["merges"] = [m for m in file["model"]["merges"] if "".join(m) != spare and spare not in m]
    file["model"]["merges"] = [m for m in file["model"]["merges"] if all(p in file["model"]["vocab"] for p in m)]
    tokenizer = Tokenizer.from_str(json.dumps(file))
    return save(tokenizer, folder, {"bos_token": "<|begin_of_text|>", "eos_token": {"content": "<|end_of_text|>"}})


def train_gpt2_like(folder, vocabulary):
    """A space in front, added tokens with every flag, and an alphabet with holes."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=True))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.train_from_iterator(prose(random.Random(2)), trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=["<unk>", "<|endoftext|>"], show_progress=False))
    tokenizer.add_tokens([
        AddedToken("[L]", lstrip=True), AddedToken("[R]", rstrip=True), AddedToken("[LL]", lstrip=True, rstrip=True, normalized=False),
        AddedToken("word", single_word=True), AddedToken("NEW", single_word=True, normalized=False), AddedToken("norm al", normalized=True)])
    tokenizer.add_special_tokens([AddedToken("[MASK]", lstrip=True, rstrip=False, special=True)])
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=True)
    return save(tokenizer, folder)


def sentencepiece_model(fallback, vocabulary, seed):
    trained = Tokenizer(models.BPE(unk_token="<unk>"))
    trained.normalizer = normalizers.Replace(" ", "▁")
    trained.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme="always")
    special = ["<unk>", "<s>", "</s>"] + ([f"<0x{b:02X}>" for b in range(256)] if fallback else [])
    trained.train_from_iterator(prose(random.Random(seed)), trainers.BpeTrainer(
        vocab_size=vocabulary, special_tokens=special, show_progress=False))
    file = json.loads(trained.to_str())
    file["model"]["byte_fallback"] = fallback
    file["model"]["fuse_unk"] = True
    file["added_tokens"] = [t for t in file["added_tokens"] if t["content"] in special[:3]]
    return file


def train_llama2_like(folder, vocabulary):
    """Prepend and Replace, byte fallback, begin and end of text; a normalized added token."""
    file = sentencepiece_model(True, vocabulary, 3)
    file["pre_tokenizer"] = None
    tokenizer = Tokenizer.from_str(json.dumps(file))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    tokenizer.decoder = decoders.Sequence([
        decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)])
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    tokenizer.add_tokens([AddedToken("norm al", normalized=True), AddedToken("[L]", lstrip=True, normalized=False)])
    tokenizer.add_special_tokens([AddedToken("[MASK]", special=True, normalized=True), AddedToken("[R]", special=True)])
    return save(tokenizer, folder, {"bos_token": "<s>", "eos_token": "</s>"})


def train_metaspace(folder, vocabulary, scheme, split):
    """Metaspace, unknown tokens instead of bytes."""
    tokenizer = Tokenizer.from_str(json.dumps(sentencepiece_model(False, vocabulary, 4)))
    tokenizer.normalizer = None
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement="▁", prepend_scheme=scheme, split=split)
    tokenizer.decoder = decoders.Metaspace(replacement="▁", prepend_scheme=scheme)
    tokenizer.add_tokens([AddedToken("[R]", rstrip=True)])
    return save(tokenizer, folder)


def train_digits(folder, vocabulary):
    """Each digit apart, as SmolLM has it; trained without that, on numbers that then would merge."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    numbers = ["12 123  1234 3.14 2x2"] * 300
    tokenizer.train_from_iterator([*prose(random.Random(6)), *numbers], trainers.BpeTrainer(
        vocab_size=vocabulary, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=["<|endoftext|>"], show_progress=False))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)])
    return save(tokenizer, folder)


def small_tokenizers(folder, vocabulary=700):
    return {
        "llama3 pattern": train_llama3(folder / "llama3", vocabulary),
        "gpt2 with flags": train_gpt2_like(folder / "flags", vocabulary),
        "llama2 like": train_llama2_like(folder / "llama2like", vocabulary),
        "metaspace": train_metaspace(folder / "metaspace", vocabulary, "first", True),
        "metaspace whole": train_metaspace(folder / "whole", vocabulary, "always", False),
        "digits": train_digits(folder / "digits", vocabulary),
    }


def package(folder):
    """The package's tokenizer for a directory."""
    if (folder / "tokenizer.json").exists():
        return Tokenizer.from_file(str(folder / "tokenizer.json"))
    # What transformers' GPT2TokenizerFast makes of these two files.
    tokenizer = Tokenizer(models.BPE.from_file(str(folder / "vocab.json"), str(folder / "merges.txt")))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    tokenizer.add_special_tokens([AddedToken("<|endoftext|>", special=True)])
    return tokenizer


def id_rows(tokenizer, encoded, rng, count):
    """Rows to decode: encodings, random ids, cut encodings, ids outside the vocabulary."""
    size = tokenizer.get_vocab_size()
    rows = list(encoded)
    special = list(tokenizer.get_added_tokens_decoder())
    bytewise = [i for t, i in tokenizer.get_vocab().items() if len(t) < 2 or t.startswith("<0x")]
    for _ in range(count):
        pool = rng.choice([range(size), bytewise, special + bytewise, list(range(size)) + [size + 5]])
        rows.append([rng.choice(pool) for _ in range(rng.randint(0, 12))])
    return rows


def best(passes, body):
    seconds = []
    for _ in range(passes):
        start = time.perf_counter()
        body()
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def package_seconds(tokenizer, texts):
    """The package's fastest way, on one thread, encoding and decoding."""
    rows = encoded_ids(tokenizer, texts, True)
    encoding = min(
        best(PASSES, lambda: [tokenizer.encode(t) for t in texts]), best(PASSES, lambda: tokenizer.encode_batch(texts)),
        best(PASSES, lambda: tokenizer.encode_batch_fast(texts)))
    decoding = min(best(PASSES, lambda: [tokenizer.decode(r) for r in rows]), best(PASSES, lambda: tokenizer.decode_batch(rows)))
    return encoding, decoding


def encoded_ids(tokenizer, strings, special):
    # In parts: an Encoding takes many times the memory of its ids.
    parts = [strings[i:i + 1000] for i in range(0, len(strings), 1000)]
    return [e.ids for part in parts for e in tokenizer.encode_batch(part, add_special_tokens=special)]


def write(folder, name, values):
    with open(folder / f"{name}.jsonl", "w") as file:
        file.writelines(json.dumps(value) + "\n" for value in values)


def compare(name, what, inputs, folder, theirs):
    """Prints the first differences and returns how many there are."""
    with open(folder / f"{what}.answer.jsonl", encoding="utf-8") as file:
        ours = [json.loads(line) for line in file]
    wrong = [i for i, (a, b) in enumerate(zip(ours, theirs)) if a != b]
    for i in wrong[:3]:
        print(f"  {name}, {what}: {inputs[i]!r}\n    ours   {ours[i]!r}\n    theirs {theirs[i]!r}")
    return len(wrong) + abs(len(ours) - len(theirs))


def check(name, place, folder, strings, timed, binary, rng):
    """Compares one tokenizer, prints a line, returns the number of differences."""
    tokenizer = package(place)
    ids, plain = [encoded_ids(tokenizer, strings, special) for special in (True, False)]
    rows = id_rows(tokenizer, ids[::4], rng, 4000)
    write(folder, "rows", rows)
    result = subprocess.run([binary, "tokenizers", folder, place, str(PASSES)], check=True, stdout=subprocess.PIPE, text=True)
    wrong = compare(name, "ids", strings, folder, ids) + compare(name, "plain", strings, folder, plain)
    wrong += compare(name, "skipped", rows, folder, tokenizer.decode_batch(rows))
    wrong += compare(name, "kept", rows, folder, tokenizer.decode_batch(rows, skip_special_tokens=False))
    wrong += compare(name, "streamed", rows, folder, [True] * len(rows))
    speeds = []
    for line in result.stdout.splitlines():
        kind, encode, decode = line.split()
        theirs = package_seconds(tokenizer, timed[kind])
        speed = sum(len(t.encode()) for t in timed[kind]) / 1e6 / float(encode)
        speeds.append(f"{kind} encode {theirs[0] / float(encode):.2f}x ({speed:.0f} MB/s) decode {theirs[1] / float(decode):.2f}x")
    print(f"{name}: {len(strings)} strings, {len(rows)} id rows, {wrong} mismatches; {'; '.join(speeds)}", flush=True)
    return wrong


def write_fixture(path):
    rng = random.Random(5)
    strings = [s for s in HARD if len(s) <= 18] + [s[:12] for s in generated(rng, 20)]
    entries = []
    with tempfile.TemporaryDirectory() as folder:
        for name, directory in small_tokenizers(pathlib.Path(folder), 420).items():
            tokenizer = package(directory)
            config = directory / "tokenizer_config.json"
            encoded = [tokenizer.encode(s).ids for s in strings]
            rows = id_rows(tokenizer, [], rng, 40)
            entries.append({
                "name": name, "tokenizer": json.loads((directory / "tokenizer.json").read_text()),
                "config": json.loads(config.read_text()) if config.exists() else None,
                "ids": encoded, "plain": [tokenizer.encode(s, add_special_tokens=False).ids for s in strings[:40]],
                "rows": rows, "kept": [tokenizer.decode(r, skip_special_tokens=False) for r in rows],
                "skipped": [tokenizer.decode(r) for r in rows]})
    fixture = {"package": f"tokenizers {tokenizers.__version__}", "seed": 5, "strings": strings, "tokenizers": entries}
    pathlib.Path(path).write_text(json.dumps(fixture, ensure_ascii=True, separators=(",", ":")) + "\n")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=pathlib.Path, default=ROOT.parent / "shared", help="folder with data/ and models/")
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / ".build/release/errata-parity")
    parser.add_argument("--all", action="store_true", help="every string of the data, not 20,000 of them")
    parser.add_argument("--fixture", help="write the tests' fixture here and stop")
    options = parser.parse_args()
    if options.fixture:
        write_fixture(options.fixture)
        return 0
    if not options.binary.exists():
        sys.exit(f"{options.binary} is missing; run: swift build -c release --product errata-parity")

    rng = random.Random(0)
    real = list(dict.fromkeys(sentences(options.data / "data"))) if (options.data / "data").is_dir() else []
    made = list(dict.fromkeys(HARD + list(generated(rng, 12000)) + list(every_scalar())))
    strings = made + (real if options.all else rng.sample(real, min(20000, len(real))))
    texts = real or list(prose(rng))
    long_texts = ["\n".join(texts[i:i + 400]) for i in range(0, len(texts), 400)]
    timed = {"short": rng.sample(texts, min(5000, len(texts))), "long": rng.sample(long_texts, min(15, len(long_texts)))}

    wrong = 0
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        write(folder, "strings", strings)
        for kind, texts in timed.items():
            write(folder, kind, texts)
        shared = {
            "gpt2 (vocab + merges)": "data/tokenizers/gpt2", "llama2": "data/tokenizers/llama2",
            "facts-gpt2": "models/facts-gpt2", "stories260K": "models/stories260K"}
        places = {name: options.data / place for name, place in shared.items()} | small_tokenizers(folder / "small")
        print(f"tokenizers {tokenizers.__version__}; ratio: its seconds for each of ours, one thread, best of {PASSES}", flush=True)
        for name, place in places.items():
            if place.is_dir():
                wrong += check(name, place, folder, strings, timed, options.binary, rng)
            else:
                print(f"{name}: SKIPPED, {place} is missing")
    print("all equal" if wrong == 0 else f"{wrong} mismatches")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
