"""Compares our language models with PyPI's `transformers`: logits, and greedy texts.

    .libtorch/python/bin/python reference/transformers_parity.py [--models FOLDER] [--binary PATH]

Makes a tiny random checkpoint of each family and variant in a temporary folder, lets
`errata-parity logits FOLDER` run them (and every model under --models), and compares in f32. Each row
runs alone and in a padded batch. Prints, for each checkpoint, the largest difference divided by the
largest logit. Exits with 1 when that, or any single logit, is further off than TOLERANCE, or when a
greedy text differs.

    ... --fixtures Tests/LanguageModelsTests/Fixtures

writes the tests' checkpoints, with the logits that `transformers` gives for them, and stops.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"

import torch
import transformers
from safetensors.torch import load_file, save_file

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOLERANCE = 1e-5
NEW_TOKENS = 24

GPT2 = dict(vocab_size=96, n_positions=80, n_embd=48, n_layer=3, n_head=4, bos_token_id=95, eos_token_id=95)
LLAMA = dict(
    vocab_size=96, hidden_size=48, intermediate_size=80, num_hidden_layers=3, num_attention_heads=4,
    max_position_embeddings=80, bos_token_id=1, eos_token_id=2)


def rope(kind, **settings):
    return {"rope_parameters": {"rope_type": kind, "rope_theta": 10000.0, **settings}}


# Each variant: its family, what differs from the sizes above, and how the files are written.
VARIANTS = {
    "gpt2 f32": ("gpt2", {}, {}),
    "gpt2 f16 file": ("gpt2", {}, {"dtype": torch.float16}),
    "gpt2 bf16 file": ("gpt2", {}, {"dtype": torch.bfloat16}),
    "gpt2 sharded": ("gpt2", {}, {"max_shard_size": "60KB"}),
    "gpt2 bare names, old buffers": ("gpt2", {}, {"bare": True}),
    "gpt2 untied": ("gpt2", {"tie_word_embeddings": False}, {}),
    "gpt2 relu, n_inner": ("gpt2", {"activation_function": "relu", "n_inner": 64}, {}),
    "gpt2 gelu": ("gpt2", {"activation_function": "gelu"}, {}),
    "llama": ("llama", {}, {}),
    "llama tied": ("llama", {"tie_word_embeddings": True}, {}),
    "llama grouped queries": ("llama", {"num_key_value_heads": 2}, {}),
    "llama one key-value head, sharded": ("llama", {"num_key_value_heads": 1}, {"max_shard_size": "60KB"}),
    "llama attention bias": ("llama", {"attention_bias": True}, {}),
    "llama mlp bias, gelu": ("llama", {"mlp_bias": True, "hidden_act": "gelu"}, {}),
    "llama head_dim": ("llama", {"head_dim": 20}, {}),
    "llama theta": ("llama", rope("default", rope_theta=500000.0), {}),
    "llama rope linear": ("llama", rope("linear", factor=4.0), {}),
    "llama rope dynamic": ("llama", {**rope("dynamic", factor=4.0), "max_position_embeddings": 24}, {}),
    "llama rope llama3": ("llama", rope(
        "llama3", factor=8.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=32), {}),
    "llama rope yarn": ("llama", rope("yarn", factor=4.0, original_max_position_embeddings=20), {}),
    "llama old rope keys": ("llama", rope("linear", factor=2.0, rope_theta=20000.0), {"old_rope": True}),
    "llama bf16 file": ("llama", {"num_key_value_heads": 2}, {"dtype": torch.bfloat16}),
}


def random_model(family, changes, seed):
    """A model whose every parameter says something: no zero bias, no norm of ones."""
    if family == "gpt2":
        config = transformers.GPT2Config(**{**GPT2, **changes})
        model = transformers.GPT2LMHeadModel(config)
    else:
        config = transformers.LlamaConfig(**{**LLAMA, **changes})
        model = transformers.LlamaForCausalLM(config)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in sorted(model.named_parameters()):
            parameter.copy_(torch.randn(parameter.shape, generator=generator) * 0.2)
            if parameter.dim() == 1 and name.endswith("weight"):
                parameter.add_(1)
    return model.eval()


def write(model, folder, dtype=torch.float32, max_shard_size="5GB", bare=False, old_rope=False):
    model.to(dtype).save_pretrained(folder, max_shard_size=max_shard_size)
    model.float()
    if bare:
        # Names as in the checkpoint OpenAI's weights were first converted to.
        tensors = load_file(folder / "model.safetensors")
        tensors = {name.removeprefix("transformer."): tensor for name, tensor in tensors.items()}
        for block in range(model.config.n_layer):
            tensors[f"h.{block}.attn.bias"] = torch.ones(1, 1, 80, 80).tril()
            tensors[f"h.{block}.attn.masked_bias"] = torch.tensor(-1e4)
        tensors["lm_head.weight"] = tensors["wte.weight"].clone()
        save_file(tensors, folder / "model.safetensors", {"format": "pt"})
    if old_rope:
        config = json.loads((folder / "config.json").read_text())
        parameters = config.pop("rope_parameters")
        config["rope_theta"] = parameters.pop("rope_theta")
        config["rope_scaling"] = {"type": parameters.pop("rope_type"), **parameters}
        (folder / "config.json").write_text(json.dumps(config, indent=1))


def random_rows(vocabulary, lengths, seed):
    generator = torch.Generator().manual_seed(seed)
    return [torch.randint(3, vocabulary - 1, (length,), generator=generator).tolist() for length in lengths]


@torch.no_grad()
def logits(model, row):
    return model(torch.tensor([row])).logits[0].float()


@torch.no_grad()
def greedy(model, prompt, count):
    """What `generate` adds to the prompt, without the token that ended it."""
    ids = model.generate(
        torch.tensor([prompt]), attention_mask=torch.ones(1, len(prompt), dtype=torch.long),
        max_new_tokens=count, do_sample=False, pad_token_id=0)[0, len(prompt):].tolist()
    end = model.generation_config.eos_token_id
    ends = end if isinstance(end, list) else [end]
    return ids[:-1] if ids and ids[-1] in ends else ids


def load(directory):
    return transformers.AutoModelForCausalLM.from_pretrained(directory, dtype=torch.float32).eval()


def question(directory, rows, prompts, count):
    return {"directory": str(directory), "rows": rows, "prompts": prompts, "newTokens": count}


def tiny_questions(folder):
    for seed, (name, (family, changes, files)) in enumerate(VARIANTS.items()):
        place = folder / f"checkpoint-{seed}"
        write(random_model(family, changes, seed), place, **files)
        rows = random_rows(96, [1, 7, 23, 60], seed)
        prompts = random_rows(96, [1, 5, 12, 30], 1000 + seed)
        yield name, question(place, rows, prompts, NEW_TOKENS)


def real_questions(models):
    texts = ["The mother tongue of Danielle Darrieux is", "Once upon a time, there was", "What is", "a"]
    for place in sorted(p.parent for p in models.glob("*/config.json")):
        tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_file=str(place / "tokenizer.json"))
        config = json.loads((place / "config.json").read_text())
        prompts = [tokenizer(text)["input_ids"] for text in texts] + [[config["bos_token_id"]]]
        context = config.get("n_positions", config.get("max_position_embeddings"))
        rows = prompts + random_rows(config["vocab_size"], [min(200, context)], 7)
        yield place.name, question(place, rows, prompts, 48)


def compare(name, answer, asked):
    """Prints one line; returns how many comparisons failed."""
    model = load(asked["directory"])
    worst, misses = 0.0, 0
    for index, row in enumerate(asked["rows"]):
        expected = logits(model, row)
        for way in ("single", "padded"):
            ours = answer[f"{way}.{index}"]
            worst = max(worst, ((ours - expected).abs().max() / expected.abs().max()).item())
            misses += not torch.allclose(ours, expected, rtol=TOLERANCE, atol=TOLERANCE)
    texts = 0
    for index, prompt in enumerate(asked["prompts"]):
        # A new one each time: with dynamic scaling, it remembers the longest text it has seen.
        expected = greedy(load(asked["directory"]), prompt, asked["newTokens"])
        for way in ("single", "padded"):
            ours = answer[f"generated.{way}.{index}"].tolist()
            texts += ours != expected
    misses += worst > TOLERANCE
    count = 2 * len(asked["prompts"])
    verdict = "ok" if misses + texts == 0 else "MISS"
    print(f"{name:36} largest relative error {worst:.1e}  greedy texts equal {count - texts} of {count}  {verdict}", flush=True)
    return misses + texts


def write_fixtures(folder):
    """Checkpoints of a few kilobytes, and what `transformers` makes of two rows."""
    small = {
        "gpt2": ("gpt2", {"n_embd": 16, "n_layer": 3, "n_head": 2, "vocab_size": 64, "n_positions": 32,
                          "bos_token_id": 63, "eos_token_id": 63}, {}),
        "llama": ("llama", {"hidden_size": 16, "num_hidden_layers": 3, "intermediate_size": 24, "vocab_size": 64,
                            "max_position_embeddings": 32, "num_key_value_heads": 2,
                            **rope("llama3", factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0,
                                   original_max_position_embeddings=16)}, {"max_shard_size": "14KB"}),
    }
    for seed, (name, (family, changes, files)) in enumerate(small.items()):
        place = folder / f"tiny-{name}"
        place.mkdir(parents=True, exist_ok=True)
        model = random_model(family, changes, seed)
        write(model, place, **files)
        (place / "generation_config.json").unlink(missing_ok=True)
        rows = random_rows(64, [4, 11], seed)
        recorded = {f"row.{i}": torch.tensor(row) for i, row in enumerate(rows)}
        recorded |= {f"logits.{i}": logits(model, row).contiguous() for i, row in enumerate(rows)}
        recorded |= {f"greedy.{i}": torch.tensor(greedy(model, row, 12)) for i, row in enumerate(rows)}
        save_file(recorded, place / "recorded.safetensors", {"transformers": transformers.__version__, "seed": str(seed)})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / "../shared/models", help="a folder of checkpoints")
    parser.add_argument("--binary", type=pathlib.Path, default=ROOT / ".build/release/errata-parity")
    parser.add_argument("--fixtures", type=pathlib.Path, help="write the tests' fixtures here and stop")
    options = parser.parse_args()
    transformers.utils.logging.disable_progress_bar()
    if options.fixtures:
        write_fixtures(options.fixtures)
        return 0
    if not options.binary.exists():
        sys.exit(f"{options.binary} is missing; run: swift build -c release --product errata-parity")
    if not options.models.is_dir():
        print(f"SKIPPED, not there: {options.models}")

    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        questions = dict(tiny_questions(folder)) | dict(real_questions(options.models.resolve()))
        for number, asked in enumerate(questions.values()):
            (folder / f"{number}.question.json").write_text(json.dumps(asked))
        subprocess.run([options.binary, "logits", folder], check=True)
        print(f"transformers {transformers.__version__}, f32, tolerance {TOLERANCE:.0e} of the largest logit and of each")
        wrong = sum(
            compare(name, load_file(folder / f"{number}.answer.safetensors"), asked)
            for number, (name, asked) in enumerate(questions.items()))
    print("all equal" if wrong == 0 else f"{wrong} misses")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
