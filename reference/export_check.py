"""Reads what `errata export` wrote with PyPI's `peft` and `transformers`, and compares with Errata.

    python reference/export_check.py --folder DRAFT --format errata|peft|merged --base CHECKPOINT
        --dtype float32 --cases CASES.safetensors

`errata export` runs it before an export appears under its name. CASES holds, for case i, the tokens of a
prompt and of Errata's greedy answer (`i.tokens`) and Errata's scores of each token of the answer and the
one after it (`i.scores`); the metadata key `cases` says which adapter is on. Prints, as JSON, for each case
the largest difference of two scores, the largest score, and, where the greedy answers part, by how much
Errata's choice led. It judges nothing: that is Errata's.

    python reference/export_check.py --packages

ends with 0 where both packages are installed.
"""

import argparse
import importlib.util
import json
import os
import pathlib
import sys
import warnings

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["TRANSFORMERS_VERBOSITY"] = "error"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--packages", action="store_true")
    parser.add_argument("--folder", type=pathlib.Path)
    parser.add_argument("--format", choices=["errata", "peft", "merged"])
    parser.add_argument("--base", type=pathlib.Path)
    parser.add_argument("--dtype")
    parser.add_argument("--cases", type=pathlib.Path)
    arguments = parser.parse_args()
    if arguments.packages:
        missing = [name for name in ("peft", "transformers") if importlib.util.find_spec(name) is None]
        sys.exit(1 if missing else 0)
    json.dump(Check(arguments).run(), sys.stdout)


class Check:
    def __init__(self, arguments):
        import torch
        import transformers
        from safetensors import safe_open

        # Standard error is for what goes wrong.
        warnings.filterwarnings("ignore")
        transformers.utils.logging.disable_progress_bar()
        self.torch = torch
        self.transformers = transformers
        self.arguments = arguments
        with safe_open(arguments.cases, "pt") as file:
            self.cases = json.loads(file.metadata()["cases"])
            self.tensors = {name: file.get_tensor(name) for name in file.keys()}

    def run(self):
        with self.torch.no_grad():
            results = {"errata": self.of_base, "merged": self.of_merged, "peft": self.of_adapters}
            cases = results[self.arguments.format]()
        reader = f"transformers {self.transformers.__version__}"
        if self.arguments.format == "peft":
            import peft

            reader = f"peft {peft.__version__}, {reader}"
        return {"reader": reader, "cases": cases}

    def model(self, folder):
        dtype = getattr(self.torch, self.arguments.dtype)
        return self.transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()

    def of_base(self):
        """A directory for Errata holds the base as a checkpoint; others can read that."""
        return self.of_checkpoint(self.arguments.folder / "base")

    def of_merged(self):
        return self.of_checkpoint(self.arguments.folder)

    def of_checkpoint(self, folder):
        model = self.model(folder)
        tokenizer = self.transformers.AutoTokenizer.from_pretrained(folder)
        return [
            {**self.compare(model, number), "has_same_tokens": self.is_same_text(tokenizer, number)}
            for number in range(len(self.cases))
        ]

    def is_same_text(self, tokenizer, number):
        case = self.cases[number]
        tokens = self.tensors[f"{number}.tokens"][: case["prompt_tokens"]].tolist()
        return tokenizer(case["prompt"]).input_ids == tokens

    def of_adapters(self):
        """One adapter after another on one base, each let go of before the next."""
        import peft

        model = None
        results = [None] * len(self.cases)
        places = {}
        for number, case in enumerate(self.cases):
            places.setdefault(case.get("adapter"), []).append(number)
        for number in places.pop(None, []):
            model = model or self.model(self.arguments.base)
            results[number] = self.compare(model, number)
        base = model or self.model(self.arguments.base)
        adapted, last = None, None
        for folder, numbers in places.items():
            path, name = str(self.arguments.folder / folder), folder.replace("/", "-")
            if adapted is None:
                adapted = peft.PeftModel.from_pretrained(base, path, adapter_name=name).eval()
            else:
                adapted.load_adapter(path, adapter_name=name)
                adapted.set_adapter(name)
                adapted.delete_adapter(last)
            last = name
            for number in numbers:
                results[number] = self.compare(adapted, number)
        return results

    def compare(self, model, number):
        tokens = self.tensors[f"{number}.tokens"]
        scores = self.tensors[f"{number}.scores"]
        count = self.cases[number]["prompt_tokens"]
        answer = tokens[count:].tolist()
        said = model(input_ids=tokens[None]).logits[0, count - 1 :].float()
        result = {
            "difference": (said - scores).abs().max().item(),
            "largest": scores.abs().max().item(),
        }
        leads = self.leads(scores, said.argmax(-1).tolist())
        if answer:
            generated = model.generate(
                input_ids=tokens[None, :count], attention_mask=self.torch.ones(1, count, dtype=self.torch.long),
                do_sample=False, max_new_tokens=len(answer), min_new_tokens=len(answer), pad_token_id=0)
            leads += self.leads(scores, self.until_parted(generated[0, count:].tolist(), answer))
        if leads:
            result["lead"] = max(leads)
        return result

    def until_parted(self, generated, answer):
        """What was generated, up to the first token that is not Errata's: the rest follows from it."""
        for place, (one, other) in enumerate(zip(generated, answer)):
            if one != other:
                return generated[: place + 1]
        return generated

    def leads(self, scores, chosen):
        """By how much Errata's choice leads another's, where that is another."""
        return [
            (row.max() - row[token]).item()
            for row, token in zip(scores, chosen)
            if token != row.argmax().item()
        ]


if __name__ == "__main__":
    main()
