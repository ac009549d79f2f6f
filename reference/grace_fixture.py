"""Writes what the twin of GRACE did on the tiny checkpoints: grace-<model>.{json,safetensors}.

    cases      by name: settings (the fields of grace.Settings),
               edits    in order: prompt, target (end mark included), what the codebook did, losses
               radii    of the entries afterwards
               answers  {prompt, rest}: distance to the nearest key, in_scope; for prompts alone the
                        greedy tokens that follow

The tensors: candidates [edits, d_out], and for each case "<case>.keys", "<case>.values" afterwards
and "<case>.logits", those of the last token of every answer, [answers, V].
"""

import json
from dataclasses import asdict

import torch
from safetensors.torch import load_file, save_file

import gpt2
import llama
from grace import Grace, Settings, place

SEED = 20260201
EOS = 63
EDITS = [
    ([5, 9, 2], [40, EOS]), ([7, 1, 30, 12, 3, 8], [41, 17, EOS]), ([22, 4, 2], [40, EOS]),
    ([5, 9, 14, 2], [40, EOS]), ([31, 4, 2], [50, 6, EOS]), ([5, 9, 2], [40, EOS]),
]
PROBES = [([5, 9, 2], []), ([5, 9, 2], [40]), ([22, 4, 2], []), ([60, 2, 45, 2], []),
          ([18], []), ([7, 1, 30, 12, 3, 8], [41]), ([7, 1, 30, 12, 3, 8], [])]
CASES = {
    "paper": dict(),
    "clean": dict(key_position="promptEnd", replacement="last", label_comparison="exact",
                  routes_once=True, stop_loss=4.0, steps=20),
    "warm": dict(key_position="promptEnd", replacement="all", start="warm",
                 expansion="movingAverage", label_comparison="exact"),
    "latched": dict(key_position="promptEnd", replacement="all", label_comparison="exact",
                    routes_once=True, learning_rate=0.05),
    "asked": dict(key_position="promptEnd", replacement="last", label_comparison="mean"),
}


def run(model, settings, candidates):
    grace = Grace(model, settings)
    edits = []
    for (prompt, target), candidate in zip(EDITS, candidates):
        losses = []
        what = grace.learn(prompt, target, candidate, lambda step, loss: losses.append(loss))
        edits.append({"prompt": prompt, "target": target, "change": what, "losses": losses})
    return grace, edits


def case(model, settings, candidates):
    grace, edits = run(model, settings, candidates)
    answers, logits = [], []
    for prompt, rest in PROBES:
        out, distance, covered = grace.answer(prompt, rest)
        logits.append(out[-1])
        answers.append({"prompt": prompt, "rest": rest, "distance": distance, "in_scope": covered}
                       | ({} if rest else {"greedy": grace.generate(prompt, 4)}))
    tensors = {"keys": torch.stack(grace.keys), "values": torch.stack(grace.values),
               "logits": torch.stack(logits)}
    record = {"settings": asdict(settings), "edits": edits, "radii": grace.radii,
              "answers": answers}
    return record, tensors


def write(folder, save_json):
    for name, family, radius in [("gpt2", gpt2.GPT2, 2.5), ("llama", llama.Llama, 2.5)]:
        at = folder / f"tiny-{name}"
        config = json.loads((at / "config.json").read_text())
        model = family(config, load_file(at / "model.safetensors"))
        part, block, _, d_out = place(config)
        generator = torch.Generator().manual_seed(SEED)
        candidates = torch.rand(len(EDITS), d_out, generator=generator)
        tensors, cases = {"candidates": candidates}, {}
        for label, changed in CASES.items():
            common = dict(radius=radius, steps=6, learning_rate=0.1)
            settings = Settings(part, block, **(common | changed))
            cases[label], found = case(model, settings, candidates)
            tensors |= {f"{label}.{n}": t.contiguous() for n, t in found.items()}
        save_file(tensors, folder / f"grace-{name}.safetensors")
        save_json({"seed": SEED, "eos": EOS, "cases": cases}, folder / f"grace-{name}.json")
