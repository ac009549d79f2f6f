"""Writes what the twin of Defer did on the tiny checkpoints: defer-<model>.{json,safetensors}.

    cases      by name: settings (the fields of defer.Settings),
               edits    in order: prompt, target (end mark included), losses
               answers  {prompt, rest}: score; for prompts alone the greedy tokens that follow

The tensors: "initial.<name>", and for each case "<case>.<name>" after all edits and "<case>.logits",
those of the last token of every answer, [answers, V].
"""

import json
from dataclasses import asdict

import torch
from safetensors.torch import load_file, save_file

import gpt2
import llama
from defer import Defer, Settings, initial_tensors
from grace import place

SEED = 20260202
EOS = 63
EDITS = [([5, 9, 2], [40, EOS]), ([7, 1, 30, 12, 3, 8], [41, 17, EOS]), ([22, 4, 2], [9, EOS])]
PROBES = [([5, 9, 2], []), ([5, 9, 2], [40]), ([22, 4, 2], []), ([60, 2, 45, 2], []),
          ([18], []), ([7, 1, 30, 12, 3, 8], [41]), ([7, 1, 30, 12, 3, 8], []), ([33, 34], []),
          ([11, 12, 13], [14])]
CASES = {
    "paper": dict(),
    "clean": dict(key_position="promptEnd", replacement="fromPromptEnd", routes_once=True),
    "strict": dict(key_position="promptEnd", threshold=0.85, routes_once=True),
}


def case(model, settings, tensors):
    method = Defer(model, settings, tensors)
    edits = [{"prompt": prompt, "target": target, "losses": method.learn(prompt, target)}
             for prompt, target in EDITS]
    answers, logits = [], []
    for prompt, rest in PROBES:
        out, score = method.answer(prompt, rest)
        logits.append(out[-1])
        answers.append({"prompt": prompt, "rest": rest, "score": score}
                       | ({} if rest else {"greedy": method.generate(prompt, 4)}))
    final = {name: t.detach() for name, t in method.tensors.items()}
    record = {"settings": asdict(settings), "edits": edits, "answers": answers}
    return record, final | {"logits": torch.stack(logits)}


def write(folder, save_json):
    for name, family in [("gpt2", gpt2.GPT2), ("llama", llama.Llama)]:
        at = folder / f"tiny-{name}"
        config = json.loads((at / "config.json").read_text())
        model = family(config, load_file(at / "model.safetensors"))
        part, block, d_in, d_out = place(config)
        initial = initial_tensors(d_in, d_out, torch.Generator().manual_seed(SEED))
        tensors, cases = {f"initial.{n}": t for n, t in initial.items()}, {}
        for label, changed in CASES.items():
            settings = Settings(part, block, **(dict(steps=8, learning_rate=0.02) | changed))
            cases[label], found = case(model, settings, initial)
            tensors |= {f"{label}.{n}": t.contiguous() for n, t in found.items()}
        save_file(tensors, folder / f"defer-{name}.safetensors")
        save_json({"seed": SEED, "eos": EOS, "cases": cases}, folder / f"defer-{name}.json")
