"""What lemoe.py does on the tiny checkpoints, for Tests/EditingTests/LEMoETwinTests.swift.

write(folder, save_json) leaves lemoe-gpt2 and lemoe-llama, each .json and .safetensors:

    settings   the fields of lemoe.Settings
    eos, seeds of the shuffling, one a batch; rows [batch][{prompt, target}] as token ids
    cases      by name: the changed settings, the losses of every step of both batches, and
               scores [rows of both batches][E] after both

    initial.projection.<down|up>, initial.<batch>.<expert tensor>, initial.<batch>.key,
    initial.<batch>.projection.<down|up> (for one projection an expert)
    <case>.<batch>.<expert tensor>, <case>.<batch>.key, <case>.projection.<index>.<down|up>  after
    both batches; the experts' only for the case "paper"
"""

import json
from dataclasses import asdict, replace
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

import gpt2
import lemoe
import llama

SEED = 20260102
SHUFFLES = [11, 12]
# A model 16 wide needs larger steps to move at all; a stop at zero runs all passes.
SETTINGS = lemoe.Settings(
    block=3, expert_width=8, bottleneck=4, learning_rate=0.02, batch_size=3, epochs=4,
    stop_loss=0.0,
)
CASES = {
    "paper": {},
    "per_expert": dict(projection="per_expert"),
    "shared_frozen": dict(projection="shared_frozen"),
    "shared_replay": dict(projection="shared_replay"),
    "argmax": dict(train_route="argmax"),
    "soft": dict(train_route="soft"),
    "renormalised": dict(train_route="soft", renormalise=True),
    "half": dict(scale=0.5, expert_decay=0.1, clip_norm=0.1),
}
ROWS = [
    [([5, 9, 2], [40]), ([7, 1, 30, 12, 3, 8], [41, 17]), ([22, 4], [50, 6, 33]),
     ([11, 35, 2, 19, 28], [40]), ([36, 24, 48, 12], [5])],
    [([3, 14, 15, 9, 26], [44, 20]), ([8, 2], [51]), ([31, 7, 16, 10], [44, 20]),
     ([29, 6, 1], [13, 55, 38, 2]), ([57, 21, 8, 4, 49], [9])],
]
MODELS = {"gpt2": gpt2.GPT2, "llama": llama.Llama}


def model(folder, family):
    path = Path(folder) / f"tiny-{family}"
    config = json.loads((path / "config.json").read_text())
    return MODELS[family](config, load_file(path / "model.safetensors"))


def initial(twin):
    generator = torch.Generator().manual_seed(SEED)
    d, b = lemoe.widths(twin)[0], SETTINGS.bottleneck
    shared = lemoe.initial_projection(d, b, generator)
    # Larger than the defaults, so that gates and gradients are far from their starts.
    batches = [
        dict(
            expert=lemoe.initial_expert(twin, SETTINGS.expert_width, generator, 0.3, 0.1),
            key=torch.randn(d, generator=generator),
            projection=lemoe.initial_projection(d, b, generator),
        )
        for _ in ROWS
    ]
    return shared, batches


def run(twin, settings, shared, batches):
    eos = twin.config["eos_token_id"]
    alone = settings.projection == "per_expert"
    editor, losses = lemoe.LEMoE(twin, settings, None if alone else shared), []
    for rows, start, seed in zip(ROWS, batches, SHUFFLES):
        editor.admit(start["expert"], start["key"], start["projection"] if alone else None)
        random = lemoe.SplitMix64(seed)
        random.next()  # the Swift program draws the seed of its rehearsal first
        losses.append(editor.learn(rows, eos, random))
    e = editor.embed([prompt for rows in ROWS for prompt, _ in rows])
    return editor, losses, editor.scores(e).tolist()


def write(folder, save_json):
    for family in MODELS:
        twin = model(folder, family)
        shared, batches = initial(twin)
        tensors = {f"initial.projection.{n}": t for n, t in shared.items()}
        for index, start in enumerate(batches):
            at = f"initial.{index}"
            tensors |= {f"{at}.{n}": t for n, t in start["expert"].items()}
            tensors |= {f"{at}.projection.{n}": t for n, t in start["projection"].items()}
            tensors[f"{at}.key"] = start["key"]
        cases = {}
        for name, changes in CASES.items():
            editor, losses, scores = run(twin, replace(SETTINGS, **changes), shared, batches)
            cases[name] = {"settings": changes, "losses": losses, "scores": scores}
            for index, key in enumerate(editor.keys):
                tensors[f"{name}.{index}.key"] = key
                if name == "paper":
                    expert = editor.experts[index]
                    tensors |= {f"{name}.{index}.{n}": t for n, t in expert.items()}
            for index, projection in enumerate(editor.projections):
                tensors |= {f"{name}.projection.{index}.{n}": t for n, t in projection.items()}
        rows = [[{"prompt": p, "target": t} for p, t in batch] for batch in ROWS]
        document = {
            "settings": asdict(SETTINGS), "eos": twin.config["eos_token_id"],
            "shuffles": SHUFFLES, "rows": rows, "cases": cases,
        }
        save_json(document, Path(folder) / f"lemoe-{family}.json")
        contiguous = {name: t.detach().contiguous().clone() for name, t in tensors.items()}
        save_file(contiguous, Path(folder) / f"lemoe-{family}.safetensors")
