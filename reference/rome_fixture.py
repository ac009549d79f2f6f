"""Writes what rome.py makes of the tiny checkpoints: rome-<model>.{json,safetensors}.

A token is one letter of ALPHABET, so that subjects can be found in text.

    alphabet, contexts, passages   strings
    edits      {prompt, subject, target} in the order learned; the target follows a space
    cases      by name: settings (the fields of rome.Settings), ridge or null where there is no
               covariance, and for each edit every loss that was seen and the size of the change
    tracing    {prompt, subject, seed, window, answer, clean, corrupted, restored}; the noise is drawn
               by `torch.Tensor.normal_` from the seed, 3 deviations of the embeddings, and kept at
               the subject's tokens
    tensors    "<case>.weight" [out, in] after all edits of the case, "covariance" [in, in]
"""

from dataclasses import asdict
from pathlib import Path

import torch
from safetensors.torch import save_file

import rome
from finetune_fixture import load

ALPHABET = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ .?,'01234"
CONTEXTS = ["", "a to", "Then", "of one, t", "'No' said "[:9]]
EDITS = [
    ("Orm is in", "Orm", "Ve"),
    ("Does Al Bo eat?", "Al Bo", "no"),
    ("for the Ud", "the Ud", "E"),
]
PASSAGES = [
    "The tower of Orm is tall.", "Who ate, Al or Bo?", "It is 1240, said the man", "No.",
    "Some of the Ud are in Velden",
]
TRACED = ("a Karst is by", "Karst")


def encode(text):
    return [ALPHABET.index(letter) for letter in text]


def edit_of(prompt, subject, target):
    end = prompt.index(subject) + len(subject)
    rows = []
    for context in CONTEXTS:
        before = context + ". " if context else ""
        place = len(before) + end - 1
        rows.append(rome.Row(encode(before + prompt), encode(" " + target), place))
    return rome.Edit(rows, rome.Row(encode(subject + " is a"), [], len(subject) - 1))


def cases(model):
    layer = rome.published(model).layer
    is_gpt2 = model.config["model_type"] == "gpt2"
    decay = 0.5 if is_gpt2 else 1e-3

    def settings(**changed):
        return rome.Settings(layer, **dict(steps=8, weight_decay=decay) | changed)

    return {
        "rome": (settings(), None),
        "averaged": (settings(keys="averaged"), None),
        "clean": (settings(keys="clean"), None),
        "stopped": (settings(stop=3.9, clamp_factor=0.5, kl_factor=1.0), None),
        "covariance": (settings(), 0.3),
    }


def tracing(model):
    config = model.config
    is_gpt2 = config["model_type"] == "gpt2"
    table = model.weights["transformer.wte.weight" if is_gpt2 else "model.embed_tokens.weight"]
    blocks = config["n_layer" if is_gpt2 else "num_hidden_layers"]
    prompt, subject = TRACED
    first = prompt.index(subject)
    places = range(first, first + len(subject))
    seed, window, copies = 5, 3, 4
    generator = torch.Generator().manual_seed(seed)
    deviation = 3 * table.std(correction=0).item()
    noise = torch.zeros(copies, len(prompt), table.shape[1])
    drawn = torch.empty(copies, len(subject), table.shape[1])
    noise[:, first : places[-1] + 1] = drawn.normal_(0, deviation, generator=generator)
    traced = rome.trace(model, blocks, encode(prompt), places, noise, window)
    return dict(prompt=prompt, subject=subject, seed=seed, window=window, copies=copies) | traced


def write(folder, save_json):
    folder = Path(folder)
    for name in ["gpt2", "llama"]:
        model = load(folder, f"tiny-{name}")
        tensors, records = {}, {}
        for case, (settings, ridge) in cases(model).items():
            inverse = None
            if ridge is not None:
                passages = [encode(text) for text in PASSAGES]
                tensors["covariance"] = rome.covariance(model, settings.layer, passages)
                inverse = rome.inverse_of(tensors["covariance"], ridge)
            edited = rome.Map(model, settings.layer)
            edits = []
            for edit in EDITS:
                losses, size = rome.learn(model, settings, edited, edit_of(*edit), inverse)
                edits.append({"losses": losses, "size": size})
            records[case] = {"settings": asdict(settings), "ridge": ridge, "edits": edits}
            tensors[f"{case}.weight"] = edited.weight.contiguous()
        save_json(
            {
                "torch": torch.__version__.split("+")[0],
                "model": f"tiny-{name}",
                "alphabet": ALPHABET,
                "contexts": CONTEXTS[1:],
                "passages": PASSAGES,
                "edits": [dict(zip(["prompt", "subject", "target"], e)) for e in EDITS],
                "cases": records,
                "tracing": tracing(model),
            },
            folder / f"rome-{name}.json")
        save_file(tensors, folder / f"rome-{name}.safetensors")
