"""Writes what the twin of MELO did on the tiny checkpoints: melo-<model>.{json,safetensors}.

    cases      by name: settings (the fields of melo.Settings),
               batches  in order: rows {prompt, target} (end mark included), losses
               clusters radius, label, and the block of each point (null: no LoRA)
               answers  {prompt, rest}: distance over radius, block; for prompts alone the greedy
                        tokens that follow

The tensors: "start.<batch>.<layer>.a", and for each case "<case>.<block>.<layer>.a" and ".b" after
all batches, "<case>.centers", and "<case>.logits", those of the last token of every answer.
"""

import json
from dataclasses import asdict

import torch
from safetensors.torch import load_file, save_file

import gpt2
import llama
from melo import Melo, Settings, initial_block, place

SEED = 20260203
EOS = 63
BATCHES = [
    [([5, 9, 2], [40, EOS]), ([7, 1, 30, 12, 3, 8], [41, 17, EOS])],
    [([22, 4, 2], [40, EOS]), ([5, 9, 14, 2], [40, EOS]), ([31, 4, 2], [50, 6, EOS])],
    [([6, 9, 2], [44, EOS]), ([8, 8], [38, 2, EOS])],
]
PROBES = [([5, 9, 2], []), ([5, 9, 2], [40]), ([22, 4, 2], []), ([60, 2, 45, 2], []),
          ([18], []), ([7, 1, 30, 12, 3, 8], [41]), ([7, 1, 30, 12, 3, 8], []), ([5, 9], [2, 63])]
CASES = {
    "paper": dict(),
    "clean": dict(key_position="promptEnd", label_comparison="exact", routes_once=True),
    "asked": dict(key_position="promptEnd", label_comparison="sum", halving_steps=2),
}


def case(model, settings, starts):
    melo = Melo(model, settings, EOS)
    batches = []
    for rows, start in zip(BATCHES, starts):
        losses = melo.learn(rows, start)
        batches.append({"rows": [{"prompt": p, "target": t} for p, t in rows], "losses": losses})
    answers, logits = [], []
    for prompt, rest in PROBES:
        out, distance, block = melo.answer(prompt, rest)
        logits.append(out[-1])
        answers.append({"prompt": prompt, "rest": rest, "distance": distance, "block": block}
                       | ({} if rest else {"greedy": melo.generate(prompt, 4)}))
    clusters = [{"radius": c["radius"], "label": c["label"], "blocks": [b for _, b in c["points"]]}
                for c in melo.database.clusters]
    tensors = {"logits": torch.stack(logits), "centers": torch.stack(melo.database.centers())}
    for number, block in enumerate(melo.bank):
        for layer, (a, b) in enumerate(block):
            tensors |= {f"{number}.{layer}.a": a, f"{number}.{layer}.b": b}
    return {"settings": asdict(settings), "batches": batches, "clusters": clusters,
            "answers": answers}, tensors


def write(folder, save_json):
    for name, family, radius in [("gpt2", gpt2.GPT2, 3.5), ("llama", llama.Llama, 3.0)]:
        at = folder / f"tiny-{name}"
        config = json.loads((at / "config.json").read_text())
        model = family(config, load_file(at / "model.safetensors"))
        part, block, d_in, d_out = place(config)
        common = dict(radius=radius, steps=6, learning_rate=0.01, block_scale=9.0)
        generator = torch.Generator().manual_seed(SEED)
        starts = [initial_block(Settings(part, block, **common), d_in, d_out, generator)
                  for _ in BATCHES]
        tensors = {f"start.{i}.{layer}.a": a
                   for i, start in enumerate(starts) for layer, (a, _) in enumerate(start)}
        cases = {}
        for label, changed in CASES.items():
            settings = Settings(part, block, **(common | changed))
            cases[label], found = case(model, settings, starts)
            tensors |= {f"{label}.{n}": t.contiguous() for n, t in found.items()}
        save_file(tensors, folder / f"melo-{name}.safetensors")
        save_json({"seed": SEED, "eos": EOS, "cases": cases}, folder / f"melo-{name}.json")
