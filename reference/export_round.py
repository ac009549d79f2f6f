"""Exports edited models in every format they have, and reads each with PyPI's packages alone.

    .libtorch/python/bin/python reference/export_round.py [--binary PATH]

Teaches each method some corrections of the embedded GPT-2, and of a tiny LLaMA that `errata pretrain` makes,
then lets `errata export --check` write every format. Each must be proven by peft and transformers, and, after
that, does what people do with it:

    errata   the checkpoint inside opens in transformers; Errata answers from it with the original gone
    peft     AutoTokenizer and PeftModel answer each edit as Errata does; merge_and_unload gives the
             adapter's scores; the index names every edit
    merged   AutoModelForCausalLM and AutoTokenizer answer as Errata does; every tensor has its type still

Formats that a method does not have must be refused with one sentence and exit code 2. An adapter of which
one number is changed must not pass. Exits with 1 where anything is not as it should be.
"""

import argparse
import json
import os
import pathlib
import shlex
import shutil
import subprocess
import sys
import tempfile
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

warnings.filterwarnings("ignore")
transformers.utils.logging.disable_progress_bar()

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Of sums in another order, as a share of the largest score.
TOLERANCE = 1e-5

# Each method with the formats it has, and what its recipe is set to so that few steps do.
METHODS = {
    "lifelong": (["errata"], []),
    "elder": (["errata", "peft"], []),
    "elder:paper": (["errata", "peft"], ["learningRate=0.003"]),
    "lemoe": (["errata"], []),
    "moe": (["errata"], []),
    "melo": (["errata", "peft"], []),
    "melo:paper": (["errata"], []),
    "lora": (["errata", "peft", "merged"], ["learningRate=0.001"]),
    "rome": (["errata", "merged"], []),
    "r-rome": (["errata", "merged"], []),
    "ft-l": (["errata", "merged"], []),
    "ft-m": (["errata", "merged"], []),
    "grace": (["errata"], []),
    "defer": (["errata"], []),
    "retrieval": (["errata"], []),
}
FORMATS = ["errata", "peft", "merged"]


class Round:
    def __init__(self, binary, folder):
        self.binary = binary
        self.folder = folder
        self.faults = 0

    def errata(self, *arguments):
        run = subprocess.run([self.binary, *map(str, arguments)], capture_output=True, text=True, cwd=ROOT)
        return run.returncode, run.stdout, run.stderr.strip()

    def must(self, *arguments):
        status, output, error = self.errata(*arguments)
        if status != 0:
            raise SystemExit(f"errata {' '.join(map(str, arguments))}: {error}")
        return output

    def expect(self, holds, what):
        if not holds:
            self.faults += 1
            print(f"    FAULT {what}")

    def run(self, model, edits, seed_options=()):
        for name, (formats, settings) in METHODS.items():
            edited = self.folder / f"{model.name}-{name.replace(':', '-')}.edited"
            method, _, preset = name.partition(":")
            options = [part for setting in settings for part in ("--set", setting)]
            options += ["--preset", preset] if preset else []
            options += ["--force", "--threads", "1"]
            self.must("edit", "--model", model, "--output", edited, "--file", edits, "--method", method, *options,
                      *seed_options)
            for form in FORMATS:
                self.of_format(model, edited, name, form, form in formats)

    def of_format(self, model, edited, name, form, has):
        output = edited.with_suffix("." + form)
        arguments = ["export", "--model", edited, "--output", output, "--format", form, "--check", "--json", "--threads", "1"]
        status, printed, error = self.errata(*arguments)
        if not has:
            self.expect(status == 2 and error.count("\n") == 0 and form in error, f"{name} {form}: {status} {error}")
            self.expect(not output.exists(), f"{name} {form}: {output} was left")
            return
        # Weights in 16 bits may be too coarse for what was written; then Errata says so and leaves nothing.
        if status == 1 and form == "merged":
            self.expect("--store f32" in error and not output.exists(), f"{name} {form}: {error}")
            print(f"  {model.name:12} {name:12} {form:7} refused as stored, {error[:150]} …")
            status, printed, error = self.errata(*arguments, "--store", "f32")
        self.expect(status == 0, f"{name} {form}: {status} {error}")
        if status != 0:
            return
        report = json.loads(printed)
        line = f"  {model.name:12} {name:12} {form:7}"
        for reading in report["parity"]["readings"]:
            tallies = [reading["edits"], reading["unrelated"]]
            prompts = sum(tally["prompts"] for tally in tallies)
            same = sum(tally["sameTexts"] for tally in tallies)
            most = max(tally["relativeDifference"] for tally in tallies)
            line += f" | {reading['reader']}: {same} of {prompts} the same, {most:.1e}"
        print(line, flush=True)
        with torch.no_grad():
            getattr(self, "as_" + form)(model, edited, output, name)

    def answers(self, edited, prompts):
        said = json.loads(self.must("ask", "--model", edited, "--json", "--max-tokens", 12, "--threads", 1, *prompts))
        return [comparison["after"]["text"] for comparison in said]

    def prompts(self, edited):
        ledger = json.loads(self.must("log", "--model", edited, "--json"))
        return [event["content"]["edit"]["record"]["prompt"] for event in ledger if "edit" in event.get("content", {})]

    def generate(self, model, tokenizer, prompt):
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        said = model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), do_sample=False, max_new_tokens=12, pad_token_id=0)
        return tokenizer.decode(said[0, ids.shape[1] :], skip_special_tokens=True)

    def as_errata(self, model, edited, output, name):
        hidden = model.with_name(model.name + "-away")
        prompts = ["The capital of Aranth is"]
        before = self.answers(edited, prompts)
        shutil.move(model, hidden)
        try:
            self.expect(self.answers(output, prompts) == before, f"{name} errata: another answer without the base")
        finally:
            shutil.move(hidden, model)
        transformers.AutoModelForCausalLM.from_pretrained(output / "base")

    def as_merged(self, model, edited, output, name):
        mine = transformers.AutoModelForCausalLM.from_pretrained(output, dtype=torch.float32)
        tokenizer = transformers.AutoTokenizer.from_pretrained(output)
        prompt = "The capital of Aranth is"
        said = self.generate(mine, tokenizer, prompt)
        self.expect(self.answers(edited, [prompt]) == [said], f"{name} merged: transformers says {said!r}")
        before, after = load_file(model / "model.safetensors"), load_file(output / "model.safetensors")
        self.expect(before.keys() == after.keys(), f"{name} merged: other tensors")
        changed = [key for key in before if not torch.equal(before[key].float(), after[key].float())]
        self.expect(0 < len(changed) < len(before) / 2, f"{name} merged: changed {changed}")

    def as_peft(self, model, edited, output, name):
        index = json.loads((output / "index.json").read_text())
        tokenizer = transformers.AutoTokenizer.from_pretrained(model)
        edits = [edit for edit in index["edits"] if "folder" in edit]
        said = self.answers(edited, [edit["prompt"] for edit in edits])
        for edit, text in list(zip(edits, said))[:4]:
            base = transformers.AutoModelForCausalLM.from_pretrained(model, dtype=torch.float32)
            adapted = peft.PeftModel.from_pretrained(base, output / edit["folder"]).eval()
            mine = self.generate(adapted, tokenizer, edit["prompt"])
            self.expect(mine == text, f"{name} peft: {edit['prompt']!r} gives {mine!r}, Errata {text!r}")
            ids = tokenizer(edit["prompt"], return_tensors="pt").input_ids
            one = adapted(input_ids=ids).logits
            other = adapted.merge_and_unload()(input_ids=ids).logits
            share = ((one - other).abs().max() / one.abs().max()).item()
            self.expect(share <= 10 * TOLERANCE, f"{name} peft: merged, a score is off by {share:.1e} of the largest")

    def damaged(self, model, edited):
        """An adapter of which one number is wrong does not pass."""
        fake = self.folder / "fake-python"
        python, script = shlex.quote(sys.executable), shlex.quote(__file__)
        fake.write_text(
            "#!/bin/sh\n"
            f"case \" $* \" in *' --packages '*) exit 0;; esac\n"
            f"{python} {script} --damage \"$@\" && exec {python} \"$@\"\n")
        fake.chmod(0o755)
        output = self.folder / "damaged"
        status, _, error = self.errata(
            "export", "--model", edited, "--output", output, "--format", "peft", "--python", fake)
        self.expect(status == 1 and "expected the export to answer as the model does" in error,
                    f"a damaged adapter: {status} {error}")
        self.expect(not output.exists() and not list(self.folder.glob(".damaged*")), "a damaged adapter was left")
        print(f"  a damaged adapter: exit {status}, {error[:160]}")


def damage(arguments):
    folder = pathlib.Path(arguments[arguments.index("--folder") + 1])
    file = sorted(folder.glob("adapters/*/adapter_model.safetensors"))[0]
    tensors = load_file(file)
    key = next(key for key in tensors if "lora_B" in key)
    tensors[key][0, 0] += 1
    save_file(tensors, file, metadata={"format": "pt"})


def main():
    if "--damage" in sys.argv:
        return damage(sys.argv)
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default=str(ROOT / ".build/release/errata"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        round = Round(str(pathlib.Path(arguments.binary).resolve()), folder)
        world = folder / "world"
        shutil.copytree(ROOT / "Models/world-gpt2", world)
        lines = (world / "edits.jsonl").read_text().splitlines()[:5]
        edits = folder / "edits.jsonl"
        edits.write_text("\n".join(lines) + "\n")
        round.run(world, edits)
        round.damaged(world, folder / "world-elder.edited")
        llama = folder / "llama"
        corpus = folder / "corpus.jsonl"
        facts = [json.loads(line) for line in (world / "tuning.jsonl").read_text().splitlines()]
        corpus.write_text("".join(
            json.dumps({"prompt": fact["prompt"], "target": fact["target"], "group": "all"}) + "\n" for fact in facts))
        round.must(
            "pretrain", "--corpus", corpus, "--tokenizer", world, "--output", llama, "--family", "llama",
            "--blocks", 4, "--width", 64, "--heads", 4, "--context", 64, "--steps", 150, "--batch-tokens", 512,
            "--dtype", "f32", "--store", "f32")
        round.run(llama, edits)
    print(f"{round.faults} faults.")
    sys.exit(1 if round.faults else 0)


if __name__ == "__main__":
    main()
