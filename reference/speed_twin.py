"""Twin of `make bench`: what a step costs when a method runs as released, in ordinary PyTorch.

    .libtorch/python/bin/python reference/speed_twin.py --method elder --dims gpt2-xl --steps 50

Every step is a whole f32 forward pass of reference/<method>.py with nothing cached; the backward pass
ends at the lowest map that is changed, because nothing below has requires_grad. A method that trains
nothing (retrieval) reads its prompts once a step. Weights are random: time does not depend on them.
Rows are `--tokens` long: a prompt, three tokens of target, an end mark. One untimed step warms up.
With OMP_WAIT_POLICY=PASSIVE in the environment threads sleep while they wait, which matters when
other programs want the cores. Prints one JSON object:

    seconds_per_step           wall clock of the timed steps, divided by their number
    step_seconds               each of them
    median_step_seconds        less disturbed by other programs; compare it with seconds_per_step
    cpu_seconds_per_step       of all threads: what the work costs however busy the machine is
    load_average               of the last minute when timing began; well above `threads`: busy
    peak_rss_bytes             of the whole process, weights and building included
"""

import argparse
import importlib
import json
import os
import resource
import statistics
import time
from pathlib import Path

import torch

import gpt2
import llama

# Methods whose twin is a setting of another's: the module, and what its speed_case is told.
SHARED = {
    "ft-l": ("finetune", {"loss": "lastPromptToken"}),
    "ft-m": ("finetune", {"loss": "teacherForced"}),
    "r-rome": ("rome", {}),
}


def dimensions(name):
    """config.json of a named size, or of a Hugging Face directory."""
    if name == "gpt2-xl":
        return gpt2.configuration(48, 1600, 25, 50257, 1024, 50256)
    if name == "small":
        return gpt2.configuration(12, 768, 12, 50257, 1024, 50256)
    path = Path(name) / "config.json"
    if not path.is_file():
        raise SystemExit(f"--dims: gpt2-xl, small or a folder with config.json; {path} is none")
    return json.loads(path.read_text())


def weights(shapes):
    """Random tensors; equal shapes are copies, in memory of their own, of one drawn tensor."""
    drawn = {}
    tensors = {}
    for name, shape in shapes.items():
        if tuple(shape) not in drawn:
            drawn[tuple(shape)] = torch.randn(*shape) * 0.02
            tensors[name] = drawn[tuple(shape)]
        else:
            tensors[name] = drawn[tuple(shape)].clone()
    return tensors


def build(config, fused):
    """The frozen model."""
    if config["model_type"] == "gpt2":
        return gpt2.GPT2(config, weights(gpt2.shapes(config)), fused)
    if config["model_type"] == "llama":
        return llama.Llama(config, weights(llama.shapes(config)), fused)
    raise SystemExit(f"--dims: model_type gpt2 or llama, not {config['model_type']}")


def random_rows(vocabulary, count, tokens, generator):
    """(prompt, target) pairs of token ids: with the end mark a row is `tokens` long."""
    ids = torch.randint(0, vocabulary - 1, (count, tokens - 1), generator=generator).tolist()
    return [(row[:-3], row[-3:]) for row in ids]


def reading(model, rows):
    """What a method that trains nothing does for its edits: one whole forward pass."""
    tokens = torch.tensor([prompt for prompt, _ in rows])

    @torch.no_grad()
    def step():
        model(tokens)

    return step


def case(method, model, rows, generator):
    """The method's step, as its twin has it."""
    if method == "retrieval":
        return reading(model, rows)
    name, settings = SHARED.get(method, (method, {}))
    try:
        twin = importlib.import_module(name)
    except ModuleNotFoundError:
        raise SystemExit(f"--method: no twin of {method}, reference/{name}.py is missing")
    return twin.speed_case(model, rows, generator, **settings)


def timed(step):
    start = time.perf_counter()
    step()
    return time.perf_counter() - start


def measure(options):
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    generator = torch.Generator().manual_seed(2)
    config = dimensions(options.dims)
    model = build(config, options.attention == "fused")
    rows = random_rows(config["vocab_size"], options.rows, options.tokens, generator)
    step = case(options.method, model, rows, generator)

    step()
    load, cpu = os.getloadavg()[0], time.process_time()
    steps = [timed(step) for _ in range(options.steps)]
    cpu = time.process_time() - cpu
    return {
        "program": "PyTorch twin, whole forward pass every step, f32",
        "method": options.method,
        "torch": torch.__version__,
        "dims": options.dims,
        "parameters": sum(t.numel() for t in model.weights.values()),
        "threads": options.threads,
        "rows": options.rows,
        "tokens": options.tokens,
        "attention": options.attention,
        "steps": options.steps,
        "seconds_per_step": sum(steps) / options.steps,
        "median_step_seconds": round(statistics.median(steps), 4),
        "step_seconds": [round(s, 4) for s in steps],
        "cpu_seconds_per_step": round(cpu / options.steps, 4),
        "load_average": round(load, 2),
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def main():
    parser = argparse.ArgumentParser(description="Times a method as released, in PyTorch.")
    parser.add_argument("--method", default="elder", help="elder, lora, grace, ... (default elder)")
    parser.add_argument("--dims", default="small", help="gpt2-xl, small, or a model directory")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rows", type=int, default=4, help="rows a step (default 4)")
    parser.add_argument("--tokens", type=int, default=24, help="tokens a row (default 24)")
    parser.add_argument("--steps", type=int, default=5, help="timed steps")
    parser.add_argument("--attention", choices=["plain", "fused"], default="plain")
    options = parser.parse_args()
    if min(options.threads, options.rows, options.steps) < 1 or options.tokens < 5:
        parser.error("threads, rows and steps are at least 1, tokens at least 5")
    lines = [f" {json.dumps(k)}: {json.dumps(v)}" for k, v in measure(options).items()]
    print("{\n" + ",\n".join(lines) + "\n}")


if __name__ == "__main__":
    main()
