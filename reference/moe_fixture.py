"""What moe.py does on the tiny checkpoints, for Tests/EditingTests/MoETwinTests.swift.

write(folder, save_json) leaves moe-gpt2 and moe-llama, each .json and .safetensors: the settings, the
rows and shuffling seeds of both batches, the losses of all steps; initial.* and final.* tensors:
`<expert>.<tensor>` and `router`.
"""

from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

import lemoe
import moe
from lemoe_fixture import MODELS, ROWS, SHUFFLES, model

SEED = 20260103
# A model 16 wide needs larger steps to move at all, but the larger they are the more Adam makes of the
# last bit of a gradient near zero; a stop at zero runs all passes.
SETTINGS = moe.Settings(
    block=3, expert_width=8, experts=3, scale=0.9, learning_rate=0.005, batch_size=3, epochs=4,
    stop_loss=0.0,
)


def named(editor, prefix):
    tensors = {f"{prefix}.router": editor.router}
    for index, expert in enumerate(editor.experts):
        tensors |= {f"{prefix}.{index}.{name}": t for name, t in expert.items()}
    return {name: t.detach().contiguous().clone() for name, t in tensors.items()}


def write(folder, save_json):
    for family in MODELS:
        twin = model(folder, family)
        generator = torch.Generator().manual_seed(SEED)
        d, eos = lemoe.widths(twin)[0], twin.config["eos_token_id"]
        # Last maps that are not zero, so that everything has gradients from the first step on.
        experts = [
            lemoe.initial_expert(twin, SETTINGS.expert_width, generator, 0.3, 0.1)
            for _ in range(SETTINGS.experts)
        ]
        router = moe.initial_router(d, SETTINGS.experts, generator)
        editor = moe.MoE(twin, SETTINGS, experts, router)
        tensors = named(editor, "initial")
        losses = [
            editor.learn(rows, eos, lemoe.SplitMix64(seed)) for rows, seed in zip(ROWS, SHUFFLES)
        ]
        rows = [[{"prompt": p, "target": t} for p, t in batch] for batch in ROWS]
        document = {
            "settings": asdict(SETTINGS), "eos": eos, "shuffles": SHUFFLES, "rows": rows,
            "losses": losses,
        }
        save_json(document, Path(folder) / f"moe-{family}.json")
        save_file(tensors | named(editor, "final"), Path(folder) / f"moe-{family}.safetensors")
