"""Twin of `make bench`: what an edit costs when ELDER runs as released, in ordinary PyTorch.

    .libtorch/python/bin/python reference/speed_twin.py --dims gpt2-xl --threads 2 --steps 50

Every step is a whole f32 forward pass (elder.py), all positions reach the vocabulary, and the
backward pass ends at the lowest edited block, because nothing below has requires_grad. Weights are
random: time does not depend on them. Rows are exactly `--tokens` long, as in a batch of edits whose
lengths agree. One untimed step warms up. With OMP_WAIT_POLICY=PASSIVE in the environment threads
sleep while they wait, which matters when other programs want the cores. Prints one JSON object:

    seconds_per_step           wall clock of the timed steps, divided by their number
    step_seconds               each of them but the first
    seconds_per_edit_50_steps  50 steps for one batch, divided by its rows
    extrapolated               true when fewer than 50 steps were timed
    median_step_seconds        less disturbed by other programs; compare it with seconds_per_step
    cpu_seconds_per_step       of all threads: what the work costs however busy the machine is
    load_average               of the last minute when timing began; well above `threads`: busy
    peak_rss_bytes             of the whole process, weights and building included
"""

import argparse
import json
import os
import resource
import statistics
import time
from pathlib import Path

import torch

import elder
import gpt2
import llama

PAPER_STEPS = 50


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
    """The frozen model, its blocks, the widths into and out of the edited FC, and which FC."""
    if config["model_type"] == "gpt2":
        D = config["n_embd"]
        model = gpt2.GPT2(config, weights(gpt2.shapes(config)), fused)
        return model, config["n_layer"], D, config.get("n_inner") or 4 * D, "expansion"
    if config["model_type"] == "llama":
        W, D = config["intermediate_size"], config["hidden_size"]
        model = llama.Llama(config, weights(llama.shapes(config)), fused)
        return model, config["num_hidden_layers"], W, D, "contraction"
    raise SystemExit(f"--dims: model_type gpt2 or llama, not {config['model_type']}")


def first_edited(blocks):
    """The paper's choice at its two depths, otherwise leaving one block above six edited ones."""
    return {48: 36, 32: 21}.get(blocks, max(1, blocks - 7))


def random_batch(settings, vocabulary, rows, tokens, seed):
    """Rows of prompt + 3 target tokens + EOS, `tokens` long."""
    generator = torch.Generator().manual_seed(seed)
    ids = torch.randint(0, vocabulary - 1, (rows, tokens - 1), generator=generator).tolist()
    allocator = elder.Allocator(settings, seed)
    codes = [allocator.code(row) for row in range(rows)]
    return elder.batch_of([(row[:-3], row[-3:]) for row in ids], codes, vocabulary - 1)


def timed(editor, batch):
    """Learns the batch; wall clock in all, and of each step but the first."""
    marks = [time.perf_counter()]
    editor.learn(batch, lambda *_: marks.append(time.perf_counter()))
    end = time.perf_counter()
    # A mark falls between a step's forward and its backward pass, so a step is timed from one
    # mark to the next.
    return end - marks[0], [b - a for a, b in zip(marks[1:], marks[2:])]


def measure(options):
    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    config = dimensions(options.dims)
    model, blocks, d_in, d_out, part = build(config, options.attention == "fused")
    first = options.first_edited if options.first_edited is not None else first_edited(blocks)
    edited = tuple(range(first, min(first + options.edited, blocks)))
    settings = elder.Settings(part, first - 1, edited, steps=options.steps)
    start = elder.initial_adapters(settings, d_in, d_out, d_in, torch.Generator().manual_seed(2))
    batch = random_batch(settings, config["vocab_size"], options.batch, options.tokens, seed=3)

    warm = elder.Elder(model, elder.Settings(part, first - 1, edited, steps=1), start)
    warm.learn(batch)
    load, cpu = os.getloadavg()[0], time.process_time()
    seconds, steps = timed(elder.Elder(model, settings, start), batch)
    cpu = time.process_time() - cpu

    per_step = seconds / options.steps
    return {
        "program": "PyTorch twin, whole forward pass every step, f32",
        "torch": torch.__version__,
        "dims": options.dims,
        "parameters": sum(t.numel() for t in model.weights.values()),
        "trained_parameters": sum(t.numel() for t in start.values()),
        "edited_blocks": list(edited),
        "threads": options.threads,
        "batch": options.batch,
        "tokens": options.tokens,
        "attention": options.attention,
        "steps": options.steps,
        "seconds_per_step": per_step,
        "median_step_seconds": round(statistics.median(steps), 4) if steps else None,
        "step_seconds": [round(s, 4) for s in steps],
        "seconds_per_edit_50_steps": per_step * PAPER_STEPS / options.batch,
        "extrapolated": options.steps < PAPER_STEPS,
        "cpu_seconds_per_step": round(cpu / options.steps, 4),
        "load_average": round(load, 2),
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }


def main():
    parser = argparse.ArgumentParser(description="Times ELDER as released, in PyTorch.")
    parser.add_argument("--dims", default="small", help="gpt2-xl, small, or a model directory")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=4, help="rows a batch (default 4)")
    parser.add_argument("--tokens", type=int, default=24, help="tokens a row (default 24)")
    parser.add_argument("--steps", type=int, default=5, help="timed steps; 50 is a whole batch")
    parser.add_argument("--first-edited", type=int, help="lowest edited block")
    parser.add_argument("--edited", type=int, default=6, help="how many edited blocks (default 6)")
    parser.add_argument("--attention", choices=["plain", "fused"], default="plain")
    options = parser.parse_args()
    if min(options.threads, options.batch, options.steps) < 1 or options.tokens < 5:
        parser.error("threads, batch and steps are at least 1, tokens at least 5")
    lines = [f" {json.dumps(k)}: {json.dumps(v)}" for k, v in measure(options).items()]
    print("{\n" + ",\n".join(lines) + "\n}")


if __name__ == "__main__":
    main()
