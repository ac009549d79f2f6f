"""What lifelong.py does on the tiny checkpoints, for Tests/EditingTests/LifelongTwinTests.swift.

write(folder, save_json) leaves lifelong-gpt2 and lifelong-llama, each .json and .safetensors: the
settings, the wordings of each edit as token ids, the losses of all steps, the agreement of each prompt
with the first wording of each edit, of which `kept` tokens are; initial.<tensor>, and
final.<edit>.<tensor> of the expert that each edit ends with.
"""

from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

import lemoe
import lifelong
from lemoe_fixture import MODELS, model

SEED = 20260104
# The margin is met by some edits and not by others within these steps.
SETTINGS = lifelong.Settings(block=2, learning_rate=0.1, steps=22, margin=0.5, margin_every=4)
EDITS = [
    [([5, 9, 2], [40]), ([7, 1, 30, 9], [40])],
    [([22, 4], [50, 6, 33])],
    [([11, 35, 2, 19, 28], [41, 17])],
]
KEPT = 7
PROMPTS = [[5, 9, 2], [22, 4], [11, 35, 2, 19], [3]]


def agreements(twin):
    expected = [lifelong.expectation(twin, rows[0][0], KEPT) for rows in EDITS]
    return [
        [lifelong.agreement(e, q) for e in expected]
        for q in (lifelong.next_token(twin, prompt) for prompt in PROMPTS)
    ]


def write(folder, save_json):
    for family in MODELS:
        twin = model(folder, family)
        eos = twin.config["eos_token_id"]
        generator = torch.Generator().manual_seed(SEED)
        initial = lifelong.mirrored(
            lemoe.initial_expert(twin, SETTINGS.expert_width, generator, 0.1))
        tensors = {f"initial.{name}": t for name, t in initial.items()}
        losses = []
        for index, rows in enumerate(EDITS):
            expert, steps = lifelong.learn(twin, SETTINGS, initial, rows, eos)
            tensors |= {f"final.{index}.{name}": t.detach() for name, t in expert.items()}
            losses.append(steps)
        edits = [[{"prompt": p, "target": t} for p, t in rows] for rows in EDITS]
        document = {
            "settings": asdict(SETTINGS), "eos": eos, "edits": edits, "losses": losses,
            "kept": KEPT, "prompts": PROMPTS, "agreements": agreements(twin)}
        save_json(document, Path(folder) / f"lifelong-{family}.json")
        tensors = {name: t.contiguous().clone() for name, t in tensors.items()}
        save_file(tensors, Path(folder) / f"lifelong-{family}.safetensors")
