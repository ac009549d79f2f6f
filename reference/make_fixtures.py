"""Writes the fixtures that the Swift tests compare themselves with. Deterministic. Those of
LanguageModelsTests and TokenizersTests are written by transformers_parity.py and tokenizers_parity.py.

    .libtorch/python/bin/python reference/make_fixtures.py            writes them
    .libtorch/python/bin/python reference/make_fixtures.py --check    writes them to a temporary
        folder and compares with the committed ones: integers, names and texts exactly, floats
        within TOLERANCE (another CPU may round differently), with `--exact` equal bits. Exit 1:
        differs.

Written, all under Tests/:

TorchTests/Fixtures/ops.{safetensors,json}              see ops.py
EditingTests/Fixtures/tiny-gpt2/, tiny-llama/           checkpoints: config.json, model.safetensors
EditingTests/Fixtures/elder-<model>.{safetensors,json}  ELDER on that checkpoint: tensors, the rest
EditingTests/Fixtures/<method>-<model>.{safetensors,json}  the same of every other method: each
        <method>_fixture.py beside this file says what it writes
FiguresTests/Fixtures/tsne-codes.json                   see tsne_fixture.py
EvaluationTests/Fixtures/rouge.json                     see rouge_fixture.py; left alone, loudly, where
        the package rouge-score is not installed
ChatTemplatesTests/Fixtures/chat-templates.json         see chat_templates.py; left alone, loudly, where
        the packages transformers and jinja2 are not installed

The JSON beside ELDER's tensors:

    torch, seed, model, eos
    settings   the fields of elder.Settings that describe the run
    batches    two of 4 rows, in the order learned: rows [{prompt, target}] as token ids, tokens and
               labels [B][T] (-100 masked), prompt_lengths [B], allocation [B][L][k];
               before      total, cross_entropy, guide of this batch before its first step
               scores      [B][L][E] softmax of the routers before its first step
               steps       per step: total, cross_entropy, guide (before the update) and
                           chosen [B][L][k], the routers' choice in that step
               codes       [B] texts of L * E bits, recorded in the last step
    gradients  two cases on batch 0, "fresh" (B zero) and "perturbed" (B from the file):
               total, cross_entropy, guide, chosen
    variants   by name, each from the perturbed start on batch 0: changed settings, steps as above
    deferral   after both batches: stored, their codes; and for 14 prompts (those of the 8 rows,
               then PROBES): prompts, codes (current), nearest distance, in_scope
    rounding   the largest differences between this run and the same run in f64: what a faithful
               program may be expected to differ by
    margin     the smallest gap between the k-th and the (k+1)-th score in any step: far above
               rounding, so `chosen` and the codes are exact

The tensors beside the JSON ("blocks.<b>." + "a" [E, d_in, r], "b" [E, r, d_out],
"router.weight" [E, d], "router.bias" [E]; alpha / r is applied when mixing, not stored in them):

    initial.blocks.<b>.*             the adapters before batch 0; B is zero
    perturbed.blocks.<b>.b           B of the perturbed start (the rest as initial)
    gradient.fresh.blocks.<b>.*      d total / d tensor at step 0 of batch 0
    gradient.perturbed.blocks.<b>.*  the same from the perturbed start
    batch.<i>.final.blocks.<b>.*     the adapters after all steps of batch i
    batch.<i>.query                  [B, d]
    batch.<i>.base_logits            [B, V] of the unedited model at the last prompt token
    batch.<i>.edited_logits          [B, V] the same after both batches, every row in scope
    deferral.logits                  [14, V] the same with the gate on: the base's where deferred
"""

import argparse
import importlib
import json
import sys
import tempfile
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

import chat_templates
import elder
import gpt2
import llama
import ops
import rouge_fixture

TESTS = Path(__file__).resolve().parent.parent / "Tests"
SEED = 20260101
# Relative and absolute. Where a gradient is nearly 0, Adam's g / sqrt(g^2) makes much of a last-bit
# difference: `rounding` in the JSON measures up to 1e-5 in the final tensors, 1e-6 in the losses.
TOLERANCE = 5e-5
LIMIT = 100_000  # bytes a file of tensors
NAMES = sorted(p.stem.removesuffix("_fixture") for p in Path(__file__).parent.glob("*_fixture.py")
               if p.stem != "rouge_fixture")
FIXTURES = {name: importlib.import_module(f"{name}_fixture") for name in NAMES}
# Of the fixtures of the modules that do not say where theirs are.
FOLDER = "EditingTests/Fixtures"
ROUGE_FOLDER = "EvaluationTests/Fixtures"
CHAT_FOLDER = "ChatTemplatesTests/Fixtures"

# Ten times the paper's rate and more: a model 16 wide needs it to move at all in ten steps.
COMMON = dict(experts=4, active=2, rank=2, steps=10, threshold=2, learning_rate=0.02)
VARIANTS = {
    "hard": dict(routing="hard"),
    "balance": dict(guide="balance"),
    "unguided": dict(guide="none"),
    "renormalised": dict(renormalise=True),
    "per_layer": dict(query="per_layer"),
}
# Token ids below 62; 63 is the end of text. Rows of one batch differ in every length, and two
# rows of each batch want the same target, so that they share an allocation.
ROWS = [
    [([5, 9, 2], [40]), ([7, 1, 30, 12, 3, 8], [41, 17]), ([22, 4], [50, 6, 33]),
     ([11, 35, 2, 19, 28], [40])],
    [([3, 14, 15, 9, 26], [44, 20]), ([8, 2], [51]), ([31, 7, 16, 10], [44, 20]),
     ([29, 6, 1], [13, 55, 38, 2])],
]
PROBES = [[60, 2, 45], [18], [33, 33, 33, 33], [57, 21, 8, 4, 49], [5, 9], [36, 24, 48, 12, 6, 3]]
EOS = 63


def weights(shapes, generator):
    """Random weights, large enough that attention, norms and biases all matter."""
    tensors = {}
    for name, shape in shapes.items():
        noise = torch.randn(*shape, generator=generator)
        is_norm = len(shape) == 1 and name.endswith("weight")
        tensors[name] = 1 + 0.2 * noise if is_norm else 0.25 * noise
    return tensors


def tiny_gpt2():
    config = gpt2.configuration(
        blocks=6, width=16, heads=2, vocabulary=64, context=32, end_of_text=EOS
    )
    settings = elder.Settings(
        part="expansion", query_block=1, blocks=(2, 3, 4), alpha=2.0, **COMMON
    )
    sizes = dict(input_width=16, output_width=64, query_width=16)
    return config, gpt2.GPT2, gpt2.shapes(config), settings, sizes


def tiny_llama():
    config = llama.configuration(
        blocks=6, width=16, wide=24, heads=4, key_value_heads=2,
        vocabulary=64, context=32, bos=62, eos=EOS,
    )
    # alpha is not the rank here, so that a forgotten scaling shows.
    settings = elder.Settings(
        part="contraction", query_block=1, blocks=(2, 3, 4), alpha=3.0, **COMMON
    )
    sizes = dict(input_width=24, output_width=16, query_width=24)
    return config, llama.Llama, llama.shapes(config), settings, sizes


def figures(total, cross_entropy, guide):
    return {"total": total.item(), "cross_entropy": cross_entropy.item(), "guide": guide.item()}


def learn(editor, batch):
    """Learns the batch; returns its steps, its codes and the smallest margin of a choice."""
    steps, margins = [], []

    def observe(step, total, cross_entropy, guide, routes):
        steps.append(figures(total, cross_entropy, guide) | {"chosen": elder.chosen(routes)})
        ordered = torch.stack([r.scores for r in routes]).sort(dim=-1, descending=True).values
        k = editor.settings.active
        margins.append((ordered[..., k - 1] - ordered[..., k]).min().item())

    codes = editor.learn(batch, observe)
    return steps, codes, min(margins)


@torch.no_grad()
def at_prompt_end(logits, batch):
    return logits[torch.arange(len(logits)), torch.tensor(batch.prompt_lengths) - 1]


@torch.no_grad()
def query_of(model, settings, batch):
    seen = {}

    def change(block, part, v, y):
        seen[block, part] = v
        return y

    model(batch.tokens, change)
    return at_prompt_end(seen[settings.query_block, settings.part], batch)


def run_batches(model, settings, start, batches):
    """Both batches in sequence: tensors, JSON records, and the editor they leave behind."""
    editor = elder.Elder(model, settings, start)
    tensors, records = {}, []
    for i, batch in enumerate(batches):
        with torch.no_grad():
            total, cross_entropy, guide, routes = editor.loss(batch)
        before = figures(total, cross_entropy, guide)
        scores = torch.stack([r.scores for r in routes], dim=1)
        steps, codes, margin = learn(editor, batch)
        tensors |= {f"batch.{i}.final.{n}": t.detach().clone() for n, t in editor.tensors.items()}
        records.append({
            "before": before,
            "scores": scores.tolist(),
            "steps": steps,
            "codes": [elder.bits(code, settings.experts) for code in codes],
            "margin": margin,
        })
    return editor, {name: t.clone() for name, t in tensors.items()}, records


def gradient_case(model, settings, start, batch):
    editor = elder.Elder(model, settings, start)
    total, cross_entropy, guide, routes = editor.loss(batch)
    total.backward()
    gradients = {name: t.grad for name, t in editor.tensors.items()}
    return gradients, figures(total, cross_entropy, guide) | {"chosen": elder.chosen(routes)}


def rounding(model, settings, start, batches, records, finals, gradients, perturbed):
    """The same runs in f64, and how far f32 was from them."""
    def double(table):
        return {name: t.double() for name, t in table.items()}

    exact = type(model)(model.config, double(model.weights))
    _, exact_finals, exact_records = run_batches(exact, settings, double(start), batches)
    exact_gradients, _ = gradient_case(exact, settings, double(perturbed), batches[0])
    losses = [
        abs(a["total"] - b["total"])
        for mine, its in zip(records, exact_records)
        for a, b in zip(mine["steps"], its["steps"])
    ]
    same = [m["steps"][s]["chosen"] == i["steps"][s]["chosen"]
            for m, i in zip(records, exact_records) for s in range(settings.steps)]

    def farthest(mine, its):
        return max((mine[name] - its[name]).abs().max().item() for name in its)

    assert all(same), "the choice of LoRAs depends on rounding; take another seed"
    return {
        "losses": max(losses),
        "final_tensors": farthest(finals, exact_finals),
        "gradients": farthest(gradients, exact_gradients),
    }


def deferral(editor, settings):
    """What the gate says of the edited prompts and of the probes, and the gated logits."""
    prompts = [prompt for rows in ROWS for prompt, _ in rows] + PROBES
    unused = [[[0] * settings.active] * len(settings.blocks)] * len(prompts)
    batch = elder.batch_of([(prompt, []) for prompt in prompts], unused, EOS)
    codes = editor.codes(batch.tokens, batch.prompt_lengths)
    logits, scope = editor.answer(batch.tokens, batch.prompt_lengths)
    return at_prompt_end(logits, batch), {
        "stored": [elder.bits(c, settings.experts) for c in editor.stored],
        "prompts": prompts,
        "codes": [elder.bits(c, settings.experts) for c in codes],
        "nearest": [min(elder.distance(c, s) for s in editor.stored) for c in codes],
        "in_scope": scope.tolist(),
    }


def elder_fixture(name, config, family, shapes, settings, sizes, folder):
    generator = torch.Generator().manual_seed(SEED)
    model = family(config, weights(shapes, generator))
    save_checkpoint(folder / name, config, model.weights)

    initial = elder.initial_adapters(settings, **sizes, generator=generator)
    noise = {n: 0.3 * torch.randn(t.shape, generator=generator)
             for n, t in initial.items() if n.endswith(".b")}
    perturbed = initial | noise
    allocator = elder.Allocator(settings, SEED)
    batches = [
        elder.batch_of(rows, [allocator.code(tuple(target)) for _, target in rows], EOS)
        for rows in ROWS
    ]

    tensors = {f"initial.{n}": t for n, t in initial.items()}
    tensors |= {f"perturbed.{n}": t for n, t in noise.items()}
    cases = {}
    for case, start in [("fresh", initial), ("perturbed", perturbed)]:
        gradients, cases[case] = gradient_case(model, settings, start, batches[0])
        tensors |= {f"gradient.{case}.{n}": t for n, t in gradients.items()}

    editor, finals, records = run_batches(model, settings, initial, batches)
    tensors |= finals
    for i, batch in enumerate(batches):
        tensors[f"batch.{i}.query"] = query_of(model, settings, batch)
        tensors[f"batch.{i}.base_logits"] = at_prompt_end(model(batch.tokens), batch)
        edited = editor.forward(batch.tokens, batch.prompt_lengths)[0].detach()
        tensors[f"batch.{i}.edited_logits"] = at_prompt_end(edited, batch)
        records[i] = {
            "rows": [{"prompt": p, "target": t} for p, t in ROWS[i]],
            "tokens": batch.tokens.tolist(),
            "labels": batch.labels.tolist(),
            "prompt_lengths": batch.prompt_lengths,
            "allocation": batch.allocation.tolist(),
        } | records[i]

    variants = {}
    for variant, changed in VARIANTS.items():
        changed = changed | {"steps": 3}
        other = elder.Elder(model, replace(settings, **changed), perturbed)
        variants[variant] = {"settings": changed, "steps": learn(other, batches[0])[0]}

    tensors["deferral.logits"], gate = deferral(editor, settings)
    description = {
        "torch": torch.__version__.split("+")[0],
        "seed": SEED,
        "model": name,
        "eos": EOS,
        "settings": asdict(settings),
        "margin": min(record.pop("margin") for record in records),
        "rounding": rounding(
            model, settings, initial, batches, records, finals, gradients, perturbed
        ),
        "batches": records,
        "gradients": cases,
        "variants": variants,
        "deferral": gate,
    }
    save_file({n: t.contiguous() for n, t in tensors.items()},
              folder / f"elder-{name.removeprefix('tiny-')}.safetensors")
    save_json(description, folder / f"elder-{name.removeprefix('tiny-')}.json")


def save_checkpoint(folder, config, tensors):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config, indent=2) + "\n")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})


def save_json(value, path):
    """One line per innermost list keeps the file readable and small."""
    def lines(value, indent):
        flat = json.dumps(value)
        if len(flat) + indent <= 96 or not isinstance(value, (dict, list)):
            return flat
        pad = " " * (indent + 1)
        if isinstance(value, dict):
            parts = [f"{pad}{json.dumps(k)}: {lines(v, indent + 1)}" for k, v in value.items()]
            return "{\n" + ",\n".join(parts) + "\n" + " " * indent + "}"
        return "[\n" + ",\n".join(pad + lines(v, indent + 1) for v in value) + f"\n{' ' * indent}]"

    path.write_text(lines(value, 0) + "\n")


def write_all(tests):
    torch.set_num_threads(1)  # sums split over threads round differently
    for folder in folders():
        (tests / folder).mkdir(parents=True, exist_ok=True)
    ops.write(tests / "TorchTests/Fixtures", save_json)
    for name, build in [("tiny-gpt2", tiny_gpt2), ("tiny-llama", tiny_llama)]:
        elder_fixture(name, *build(), tests / FOLDER)
    for fixture in FIXTURES.values():
        fixture.write(tests / folder_of(fixture), save_json)
    if rouge_fixture.is_available():
        rouge_fixture.write(tests / ROUGE_FOLDER, save_json)
    else:
        print("SKIPPED rouge.json: the package rouge-score is missing; `Scripts/bootstrap --parity`"
              " installs it")
    if chat_templates.is_available():
        chat_templates.write(tests / CHAT_FOLDER)
    else:
        print("SKIPPED chat-templates.json: transformers and jinja2 are missing; `Scripts/bootstrap"
              " --parity` installs them")
    return sorted(p for folder in folders() for p in (tests / folder).rglob("*")
                  if is_ours(p.relative_to(tests)))


def folder_of(fixture):
    return getattr(fixture, "FOLDER", FOLDER)


def folders():
    return sorted({"TorchTests/Fixtures", ROUGE_FOLDER, CHAT_FOLDER, FOLDER} | {folder_of(f) for f in FIXTURES.values()})


def is_ours(path):
    """Other programs keep fixtures in these folders too; these are the ones written here."""
    ours = ("ops.", "elder-", "tiny-gpt2", "tiny-llama", "rouge.", "chat-templates.",
            *(f"{name}-" for name in NAMES))
    return path.parts[2].startswith(ours) and path.suffix


# ---- Comparing ----


def differences(old, new, exact, where=""):
    """Sentences on where two values read from fixtures differ."""
    if isinstance(old, torch.Tensor) and isinstance(new, torch.Tensor):
        if old.dtype != new.dtype or old.shape != new.shape:
            return [f"{where}: {old.dtype} {list(old.shape)} became {new.dtype} {list(new.shape)}"]
        close = dict(rtol=0, atol=0) if exact else dict(rtol=TOLERANCE, atol=TOLERANCE)
        if torch.allclose(old.double(), new.double(), equal_nan=True, **close):
            return []
        return [f"{where}: differs by {(old.double() - new.double()).abs().max().item():.3g}"]
    if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
        return [d for k in old for d in differences(old[k], new[k], exact, f"{where}/{k}")]
    if isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        pairs = enumerate(zip(old, new))
        return [d for i, (a, b) in pairs for d in differences(a, b, exact, f"{where}/{i}")]
    near = isinstance(old, float) and isinstance(new, float) and not exact
    if near and abs(old - new) <= TOLERANCE * (1 + abs(old)):
        return []
    return [] if old == new and type(old) is type(new) else [f"{where}: {old} became {new}"]


def read(path):
    return load_file(path) if path.suffix == ".safetensors" else json.loads(path.read_text())


def check(exact):
    with tempfile.TemporaryDirectory() as folder:
        fresh = write_all(Path(folder))
        found = []
        for path in fresh:
            name = path.relative_to(folder)
            committed = TESTS / name
            if not committed.exists():
                found.append(f"{name}: missing under {TESTS}")
                continue
            found += [f"{name}{d}" for d in differences(read(committed), read(path), exact)]
    for sentence in found:
        print(sentence)
    print(f"{len(fresh)} fixture files, {len(found)} differences")
    return 1 if found else 0


def main():
    parser = argparse.ArgumentParser(description="Writes the test fixtures.")
    parser.add_argument("--check", action="store_true", help="compare instead of writing")
    parser.add_argument("--exact", action="store_true", help="with --check: equal bits")
    arguments = parser.parse_args()
    if arguments.check:
        return check(arguments.exact)
    for path in write_all(TESTS):
        size = path.stat().st_size
        print(f"{size:7} {path.relative_to(TESTS)}")
        assert size < LIMIT or path.suffix != ".safetensors", f"{path} has {size} bytes, more than {LIMIT}"
    return 0


if __name__ == "__main__":
    sys.exit(main())
