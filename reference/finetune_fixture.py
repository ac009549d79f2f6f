"""Writes what finetune.py makes of the tiny checkpoints: finetune-<model>.{json,safetensors}.

    cases      by name: settings (the fields of finetune.Settings), and edits in the order learned,
               each with its rows [{prompt, target}] as token ids and every loss that was seen
    tensors    "<case>.weight" [out, in] and "<case>.bias" [out] after all edits of the case
"""

import json
from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

import finetune
import gpt2
import llama

EDITS = [
    [([5, 9, 2], [40])],
    [([7, 1, 30, 12, 3, 8], [41, 17, 6])],
    [([22, 4], [50, 33]), ([11, 35, 2, 19, 28], [40])],
]


def load(folder, name):
    config = json.loads((folder / name / "config.json").read_text())
    weights = load_file(folder / name / "model.safetensors")
    family = gpt2.GPT2 if config["model_type"] == "gpt2" else llama.Llama
    return family(config, weights)


def cases(model):
    """The released recipe with a larger step, which so narrow a model needs; a box that binds."""
    is_gpt2 = model.config["model_type"] == "gpt2"
    common = dict(trains_bias=is_gpt2, learning_rate=0.02, steps=10)
    layer = 0 if is_gpt2 else 4
    settings = finetune.Settings
    return {
        "one distribution": settings(layer, "lastPromptToken", box=0.03, **common),
        "teacher-forced": settings(layer, "teacherForced", box=0.03, **common),
        "without a box": settings(2, "teacherForced", **common),
        "stopped": settings(2, "teacherForced", **common | {"stop": 3.5}),
    }


def write(folder, save_json):
    folder = Path(folder)
    for name in ["gpt2", "llama"]:
        model = load(folder, f"tiny-{name}")
        tensors, records = {}, {}
        for case, settings in cases(model).items():
            edited = finetune.Map(model, settings.layer)
            edits = []
            for rows in EDITS:
                losses = finetune.learn(model, settings, edited, rows)
                edits.append({
                    "rows": [{"prompt": p, "target": t} for p, t in rows], "losses": losses
                })
            records[case] = {"settings": asdict(settings), "edits": edits}
            tensors[f"{case}.weight"] = edited.weight.contiguous()
            if edited.bias is not None:
                tensors[f"{case}.bias"] = edited.bias
        save_json(
            {"torch": torch.__version__.split("+")[0], "model": f"tiny-{name}", "cases": records},
            folder / f"finetune-{name}.json")
        save_file(tensors, folder / f"finetune-{name}.safetensors")
