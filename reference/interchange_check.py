"""Reads results folders of Errata with the package lm-eval itself, and compares every number.

    .libtorch/python/bin/python reference/interchange_check.py [--binary PATH] [FOLDER ...]

Without FOLDER: runs `errata bench` and `errata retention` on the embedded model with a handful of
invented records, in a temporary folder, and checks what they leave; a bench that went on after a stop is
compared with one that did not. With FOLDER: checks results that stand there.

For each model under `lm-eval`, the harness's own code aggregates the samples anew
(`lm_eval.evaluator_utils`), and its `EvaluationTracker` writes them anew: the lines of samples must be the
same to the byte, the results in keys, their order and, to TOLERANCE, numbers. The metrics must also be
those of Errata's own `results.json` or `retention.json`. `make_table`, `recreate_metadata_card` and
`datasets` must read the files, without a network. Exits with 1 where anything differs.
"""

import argparse
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
os.environ["HF_DATASETS_DISABLE_PROGRESS_BARS"] = "1"

import datasets
import huggingface_hub
from lm_eval import evaluator_utils, utils
from lm_eval.api.group import Group
from lm_eval.api.metrics import mean, weighted_mean
from lm_eval.api.task import Task
from lm_eval.config.group import AggMetricConfig
from lm_eval.loggers import EvaluationTracker

# It warns of metrics that some samples lack, which is as it should be.
logging.getLogger("lm_eval").setLevel(logging.ERROR)

ROOT = pathlib.Path(__file__).resolve().parent.parent
# Sums of the same numbers in another order.
TOLERANCE = 1e-12
# What the tracker adds or takes from its own clock.
CLOCK = ["total_evaluation_time_seconds"]

failures = []


def expect(condition, message):
    if not condition:
        failures.append(message)
        print(f"  WRONG  {message}")


def same(left, right):
    """Equal, numbers to TOLERANCE, keys in any order."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(map(same, left, right))
    numbers = (int, float)
    if isinstance(left, numbers) and isinstance(right, numbers):
        return abs(left - right) <= TOLERANCE
    return left == right


# The harness's own aggregation ------------------------------------------------------------------


def mean_of_parts(items):
    """The mean of each part's points of possible points; (score, possible, part) each."""
    parts = {}
    for score, possible, part in items:
        if possible:
            parts.setdefault(part, []).append((score, possible))
    return mean([weighted_mean(values) for _, values in sorted(parts.items())])


class WrittenTask(Task):
    """A task as far as aggregating needs one, from its configuration in a results file."""

    def __init__(self, config, directions, documents):
        self.written, self.directions = config, directions
        self.VERSION = config["metadata"]["version"]
        self.documents = documents

    eval_docs = property(lambda self: range(self.documents))
    task_name = property(lambda self: self.written["task"])

    def aggregation(self):
        listed = {metric["metric"]: metric["aggregation"] for metric in self.written["metric_list"]}
        known = {"mean": mean, "mean_of_parts": mean_of_parts}
        # A metric that not every sample has is not listed.
        other = "mean_of_parts" if self.task_name == "errata_conll03" else "mean"
        return {
            name: known[listed.get(name, other if name == "score" else "mean")]
            for name in self.directions
        }

    def higher_is_better(self):
        return self.directions

    def dump_config(self):
        return self.written

    doc_to_text = doc_to_target = construct_requests = process_results = None
    has_training_docs = has_validation_docs = has_test_docs = None


def raw_metrics(task, samples):
    raw = {}
    for sample in samples:
        doc = sample["doc"]
        if "part" in doc:
            score = (sample.get("score", 0), doc["possible"], doc["part"])
            raw.setdefault(("score", sample["filter"]), []).append(score)
        for name in sample["metrics"]:
            if not ("part" in doc and name == "score"):
                raw.setdefault((name, sample["filter"]), []).append(sample[name])
    return raw


def aggregated(results, samples):
    """What `lm_eval.evaluate` would return for the samples."""
    tasks = {
        name: WrittenTask(
            config, results["higher_is_better"][name], results["n-samples"][name]["original"])
        for name, config in results["configs"].items()
    }
    accumulated = {
        name: {"task": task, "raw_metrics": raw_metrics(task, samples[name]), "logged_samples": []}
        for name, task in tasks.items()
    }
    groups = {}
    for name, members in results["group_subtasks"].items():
        metrics = [
            AggMetricConfig(metric=metric, weight_by_size=False)
            for metric in ["score", "agreement"] if metric in results["higher_is_better"][name]
        ]
        groups[name] = Group(
            name, alias=results["results"][name]["alias"], aggregate_metric_list=metrics,
            metadata={"version": 1})
        for member in members:
            groups[name].add(tasks[member])
    return evaluator_utils._process_results(accumulated, groups)._to_eval_results()


# Reading a folder -------------------------------------------------------------------------------


def models(folder):
    """Of each model in `folder`/lm-eval: its directory, results and samples by task."""
    paths = sorted(str(path) for path in (folder / "lm-eval").rglob("*") if path.is_file())
    results = utils.get_results_filenames(paths)
    expect(results, f"{folder}: no results")
    for path in results:
        directory = pathlib.Path(path).parent
        own = [other for other in paths if pathlib.Path(other).parent == directory]
        expect(utils.get_latest_filename(utils.get_results_filenames(own)) == path, f"{path}: not the latest")
        samples = {}
        for file in utils.get_sample_results_filenames(own):
            name = utils.get_file_task_name(pathlib.Path(file).name)
            expect(utils.sanitize_task_name(name) == name, f"{file}: its task's name")
            date = utils.get_file_datetime(pathlib.Path(file).name)
            expect(path.endswith(f"results_{date}.json"), f"{file}: its date")
            samples[name] = (file, [json.loads(line) for line in open(file, encoding="utf-8")])
        yield directory, json.loads(pathlib.Path(path).read_text(encoding="utf-8")), samples


def check_model(directory, results, files):
    samples = {name: lines for name, (_, lines) in files.items()}
    expect(samples.keys() == results["configs"].keys(), f"{directory}: one samples file a task")
    if samples.keys() != results["configs"].keys():
        return
    expect(directory.name == utils.sanitize_model_name(results["model_name"]), f"{directory}: its name")

    anew = aggregated(results, samples)
    for key, value in anew.items():
        if key in ["results", "groups"]:
            value = {name: without_counts(entry) for name, entry in value.items()}
        if key == "versions":
            value = {name: int(version) for name, version in value.items()}
        expect(same(results.get(key), value), f"{directory}: {key} is not what the samples give:\n"
               f"    {results.get(key)}\n    {value}")
    check_writing(directory, results, files)
    check_readers(directory, results, files)


def without_counts(entry):
    # Groups alone have it, and no reader asks for it.
    return {key: value for key, value in entry.items() if key != "sample_count"}


def check_writing(directory, results, files):
    """The harness's tracker, given the same, writes the same."""
    with tempfile.TemporaryDirectory() as place:
        tracker = EvaluationTracker(output_path=place)
        tracker.general_config_tracker.log_experiment_args(
            results["model_source"], {"pretrained": results["model_name"]}, None, None, False)
        samples = {name: [sample | in_memory(sample) for sample in lines]
                   for name, (_, lines) in files.items()}
        for lines in samples.values():
            for sample in lines:
                sample.update(digests(sample))
        config = tracker.general_config_tracker.__dataclass_fields__
        given = {key: value for key, value in results.items() if key not in config and key != "task_hashes"}
        tracker.save_results_aggregated(given, samples)
        for name, lines in samples.items():
            tracker.save_results_samples(name, lines)
        written = pathlib.Path(place) / directory.name
        expect(written.is_dir(), f"{directory}: the harness would name it otherwise")
        [file] = written.glob("results_*.json")
        theirs = json.loads(file.read_text(encoding="utf-8"))
        expect(list(theirs) == list(results), f"{directory}: keys {list(results)}, not {list(theirs)}")
        for key in CLOCK:
            theirs[key] = results[key]
        expect(same(theirs, results), f"{directory}: the tracker writes other results")
        for name, (path, _) in files.items():
            [file] = written.glob(f"samples_{name}_2*.jsonl")
            expect(file.read_bytes() == pathlib.Path(path).read_bytes(), f"{path}: other bytes than the tracker's")


def in_memory(sample):
    """The sample as it is before the tracker makes it ready for a file."""
    return {"arguments": [tuple(request.values()) for request in sample["arguments"].values()]}


def digests(sample):
    """As `lm_eval.evaluate` takes them."""
    document = json.dumps(
        sample["doc"], indent=2, default=utils.handle_non_serializable, ensure_ascii=False)
    return {
        "doc_hash": utils.hash_string(document),
        "prompt_hash": utils.hash_string(sample["arguments"][0][0]),
        "target_hash": utils.hash_string(str(sample["target"])),
    }


def check_readers(directory, results, files):
    table = utils.make_table(results)
    for name, entry in results["results"].items():
        expect(entry["alias"] in table, f"{directory}: {name} is not in the table")
        for key, value in entry.items():
            if isinstance(value, float):
                # A column is cut where all of it ends in zeros.
                shown = f"{value:.4f}".rstrip("0")
                expect(shown in table, f"{directory}: {key} of {name} is not in the table")
    if "groups" in results:
        utils.make_table(results, "groups")
    print(table)
    for name, (path, lines) in files.items():
        with tempfile.TemporaryDirectory() as cache:
            rows = datasets.load_dataset("json", data_files=path, split="train", cache_dir=cache)
            expect(len(rows) == len(lines), f"{path}: datasets reads {len(rows)} rows of {len(lines)}")
        for metric in results["configs"][name]["metric_list"]:
            present = all(metric["metric"] in line for line in lines)
            expect(present, f"{path}: {metric['metric']} is listed, but not in every line")


def check_card(folder):
    """The card that the harness would put on the Hub; the Hub is played by the folder."""
    here = folder / "lm-eval"

    class Hub:
        def list_repo_files(self, **_):
            return [str(path.relative_to(here)) for path in sorted(here.rglob("*")) if path.is_file()]

    cards = []
    tracker = EvaluationTracker()
    tracker.api = Hub()
    kept = huggingface_hub.hf_hub_url, huggingface_hub.DatasetCard.push_to_hub
    huggingface_hub.hf_hub_url = lambda filename, **_: str(here / filename)
    huggingface_hub.DatasetCard.push_to_hub = lambda card, *_, **__: cards.append(str(card))
    try:
        tracker.recreate_metadata_card()
    finally:
        huggingface_hub.hf_hub_url, huggingface_hub.DatasetCard.push_to_hub = kept
    for path in utils.get_sample_results_filenames(tracker.api.list_repo_files()):
        expect(pathlib.Path(path).name in cards[0], f"{path}: not on the card")


# Against Errata's own files ---------------------------------------------------------------------

TASKS = {
    "reliability": ("reliability", "edits"), "taught_rephrases": ("taughtRephrases", None),
    "generalization": ("generalization", "rephrases"), "neighbours": ("neighbours", "neighbours"),
    "unrelated": ("unrelated", "unrelated"),
}
METRICS = {
    "acc": "allTokens", "token_acc": "tokenAccuracy", "exact_match": "generated",
    "preference": "preference", "agreement": "agreement", "bit_equal": "bitEqual",
}


def compare(entry, key, own, place):
    value = entry.get(key)
    expect(same(value, own), f"{place}: {key} is {value}, but {own} in Errata's own file")
    return 1


def compare_bench(folder, read):
    result = json.loads((folder / "results.json").read_text())
    compared = 0
    for method in result["methods"]:
        results = read[f"{result['manifest']['model']}_{method['method']}"]["results"]
        for filter, moment in [("none", "atEnd"), ("after_edit", "afterEdit")]:
            summary = method.get(moment)
            for task, (scores, gate) in TASKS.items():
                entry = results.get(f"errata_{task}", {})
                place = f"{folder.name}, {method['method']}, {task}"
                own = (summary or {}).get(scores, {"count": 0})
                for metric, name in METRICS.items():
                    compared += compare(entry, f"{metric},{filter}", own.get(name), place)
                if gate:
                    share = (summary or {}).get("gate", {}).get(gate)
                    compared += compare(entry, f"in_scope,{filter}", share, place)
                if filter == "none":
                    compared += compare(entry or {"sample_len": 0}, "sample_len", own["count"], place)
    return compared


def compare_retention(folder, read):
    result = json.loads((folder / "retention.json").read_text())
    model = result["manifest"]["model"]
    isEdited = "after" in result
    compared = 0
    for name, moment in [(f"{model}_unedited", "before"), (model, "after")] if isEdited else [(model, "before")]:
        results = read[name]["results"]
        for task in result["tasks"]:
            entry, place = results[f"errata_{task['task']}"], f"{folder.name}, {name}, {task['task']}"
            compared += compare(entry, "score,none", task[moment].get("overall"), place)
            compared += compare(entry, "score_of_answered,none", task[moment].get("ofAnswered"), place)
            compared += compare(entry, "sample_len", task["items"], place)
            if moment == "after":
                compared += compare(entry, "agreement,none", task.get("agreement"), place)
        general = results["errata_general"]
        compared += compare(general, "score,none", result.get(moment), f"{folder.name}, {name}")
        if moment == "after":
            compared += compare(general, "agreement,none", result.get("agreement"), f"{folder.name}, {name}")
    return compared


def check_folder(folder):
    print(f"{folder}")
    read = {}
    for directory, results, files in models(folder):
        check_model(directory, results, files)
        read[results["model_name"]] = results
    if not read:
        return
    check_card(folder)
    isBench = (folder / "results.json").exists()
    compared = (compare_bench if isBench else compare_retention)(folder, read)
    print(f"  {len(read)} models, {compared} numbers compared with Errata's own\n")


# Runs -------------------------------------------------------------------------------------------

LINES = {
    "gsm8k/test-reasoning.jsonl": [
        {"question": "Two boats — and 3 “oars”?", "answer": "2+3=5 \\o/\n#### 1,005"},
        {"question": "Why\tnot?", "answer": "No.\u2028\n#### -3"}, {"question": "And?", "answer": "4\n#### 4"},
    ],
    "nq/test-OpenDomainQA.jsonl": [
        {"question": "who rows?", "answer": ["Ada Lind", "The Cox"], "output": ["\n\nÀda."]},
        {"question": "who sits?", "answer": ["a"], "output": ["\U0001f6a3"]}],
    "boolq/dev.jsonl": [
        {"question": "is it wet", "title": "Lake", "answer": True, "passage": "A lake."},
        {"question": "is it dry", "title": "Lake", "answer": False, "passage": "B."}],
    "mutual/test-dialogue/dev_1.txt": [
        {"answers": "B", "options": ["m : a .", "b", "c", "d"], "article": "f : hi .", "id": "dev"}],
    "mutual/test-dialogue/dev_2.txt": [
        {"answers": "D", "options": ["m : e .", "f", "g", "h"], "article": "m : ho .", "id": "dev"}],
}
TEXTS = {
    "rte/test-NLI.tsv": "index\tsentence1\tsentence2\tlabel\n0\tAda \"rows.\tAda moves.\tentailment\n"
                        "1\tBo sits.\tBo stands.\tnot_entailment\n2\tCy.\tDi.\tnot_entailment\n",
    "samsum/test-summarization.json": json.dumps(
        [{"id": str(i), "summary": summary, "dialogue": f"A: Hi {i}\r\nB: Ho "}
         for i, summary in enumerate(["Ada rows a boat in the city.", "The year of the owl."])]),
    "conll03/test.txt": "-DOCSTART- -X- -X- O\n\nAda NNP B-NP B-PER\nLind NNP I-NP I-PER\n, , O O\n"
                        "Karst NNP B-NP B-LOC\nVelden NNP B-NP B-LOC\n. . O O\n\nRowers NNP B-NP B-ORG\n\n"
                        "a DT B-NP B-MISC\n\n",
    "sst2/test-SentimentAnalysis.tsv": "sentence\tlabel\nit 's a \"lake \t1\nflat \t0\n",
}

# Prompts of the tasks above with answers, so that the edited model differs from the unedited one.
TAUGHT = [
    {"prompt": "Please answer the given question based on the passage. The answer should be exact 'yes' or 'no'. "
               f"passage: {passage} question: {question}. answer:", "target": "yes"}
    for passage, question in [("A lake.", "is it wet"), ("B.", "is it dry")]
] + [
    {"prompt": "Q: f : hi . Which choice is correct? Answer Chioces: (A)m : a .(B)b(C)c(D)d A: Among A through D, "
               "the answer is", "target": "B"},
]


def write_tasks(folder):
    texts = TEXTS | {name: "".join(json.dumps(row) + "\n" for row in rows) for name, rows in LINES.items()}
    for name, text in texts.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def invented_runs(binary, place):
    """Two of `errata bench`, one of them in two goes, and three of `errata retention`."""
    base = ROOT / "Models" / "world-gpt2"

    def errata(*arguments):
        run = subprocess.run(
            [binary, *map(str, arguments), "--threads", "1"], capture_output=True, text=True)
        if run.returncode:
            sys.exit(f"errata {' '.join(map(str, arguments))}: {run.stderr}")

    def bench(name, methods):
        errata("bench", "--model", base, "--data", base / "edits.jsonl", "--edits", 6, "--split", "paper",
               "--probe-every", 2, "--methods", methods, "--results", place / name)
        return place / name

    tasks = write_tasks(place / "tasks")
    edited = place / "fixed.edited"
    edits = place / "edits.jsonl"
    edits.write_text("".join(json.dumps(edit) + "\n" for edit in TAUGHT))
    errata("edit", "--model", base, "--output", edited, "--no-gate", "--file", edits)
    for name, model, more in [
        ("retention", edited, []), ("limited", edited, ["--limit", 1]),
        ("bare", base, ["--tasks-only", "rte,conll03"]),
    ]:
        errata("retention", "--model", model, "--tasks", tasks, "--results", place / name, *more)
    methods = "unedited,grace,elder:default"
    whole, resumed = bench("bench", methods), bench("resumed", "unedited,grace")
    bench("resumed", methods)
    expect(contents(whole) == contents(resumed), "a bench that went on ends with other files")
    return [whole, resumed] + [place / name for name in ["retention", "limited", "bare"]]


def contents(folder):
    """All files, with dates and the commands themselves left out."""
    files = {}
    for path in sorted((folder / "lm-eval").rglob("*.json*")):
        name = str(path.relative_to(folder)).rsplit("_", 1)[0]
        files[name] = path.read_text(encoding="utf-8")
        if path.name.startswith("results_"):
            results = json.loads(files[name])
            for key in ["date", "errata_manifest"]:
                results.pop(key)
            files[name] = json.dumps(results)
    return files


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default=str(ROOT / ".build" / "release" / "errata"))
    parser.add_argument("folders", nargs="*", type=pathlib.Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        for folder in options.folders or invented_runs(options.binary, pathlib.Path(place)):
            check_folder(folder)
    print(f"{len(failures)} differences" if failures else "lm-eval reads and computes the same.")
    sys.exit(bool(failures))


if __name__ == "__main__":
    main()
