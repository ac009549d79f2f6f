"""Fixtures of lora.py on the tiny checkpoints: `write(folder, save_json)`, for make_fixtures.py.

    lora-<family>.json          eos; settings; batches [{rows: [{prompt, target}], losses}], learned in
                                order; stopping: settings and losses of batch 1 from the start,
                                with an early stop
    lora-<family>.safetensors   initial.blocks.<b>.{a,b}; batch.<i>.final.blocks.<b>.{a,b};
                                logits [B, V] at the last prompt token of batch 0 after all
"""

import json
from dataclasses import asdict, replace

import torch
from safetensors.torch import load_file, save_file

import gpt2
import llama
import lora

EOS = 63
SEED = 20260102
ROWS = [
    [([5, 9, 2], [40]), ([7, 1, 30, 12, 3, 8], [41, 17]), ([22, 4], [50, 6, 33])],
    [([3, 14, 15, 9, 26], [44, 20]), ([8, 2], [51])],
]
# Ten times the paper's rate and more: a model 16 wide needs it to move at all in ten steps. Alpha
# is not the rank, so that a forgotten scaling shows.
COMMON = dict(blocks=(2, 3, 4), rank=3, alpha=4.5, steps=10, learning_rate=0.02)
FAMILIES = {
    "gpt2": (gpt2.GPT2, lora.Settings("expansion", **COMMON), (16, 64)),
    "llama": (llama.Llama, lora.Settings("contraction", **COMMON), (24, 16)),
}
STOPPING = dict(stop_every=3, stop_margin=0.1, steps=40)


def write(folder, save_json):
    """Writes both families beside the checkpoints in `folder`."""
    for name, (family, settings, widths) in FAMILIES.items():
        checkpoint = folder / f"tiny-{name}"
        config = json.loads((checkpoint / "config.json").read_text())
        model = family(config, load_file(checkpoint / "model.safetensors"))
        start = lora.initial_adapters(settings, *widths, torch.Generator().manual_seed(SEED))
        batches = [lora.batch_of(rows, EOS) for rows in ROWS]

        tensors = {f"initial.{n}": t for n, t in start.items()}
        editor, records = lora.LoRA(model, settings, start), []
        for i, batch in enumerate(batches):
            losses = editor.learn(batch)
            tensors |= {f"batch.{i}.final.{n}": t.detach().clone()
                        for n, t in editor.tensors.items()}
            rows = [{"prompt": p, "target": t} for p, t in ROWS[i]]
            records.append({"rows": rows, "losses": losses})
        with torch.no_grad():
            last = torch.tensor([len(prompt) - 1 for prompt, _ in ROWS[0]])
            tensors["logits"] = editor.forward(batches[0].tokens)[torch.arange(len(last)), last]

        stopping = replace(settings, **STOPPING)
        losses = lora.LoRA(model, stopping, start).learn(batches[1])
        assert len(losses) < stopping.steps, "the early stop is not reached"
        save_file({n: t.contiguous() for n, t in tensors.items()},
                  folder / f"lora-{name}.safetensors")
        save_json({
            "torch": torch.__version__.split("+")[0], "seed": SEED, "eos": EOS,
            "settings": asdict(settings), "batches": records,
            "stopping": {"settings": asdict(stopping), "losses": losses},
        }, folder / f"lora-{name}.json")
