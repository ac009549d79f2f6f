"""Many clients ask a running `errata serve` while edits are published and taken back.

    .libtorch/python/bin/python reference/server_load.py [--seconds 60] [--clients 64] [--binary PATH]

Needs aiohttp. Three servers are measured one after another on the embedded model: one that is edited
meanwhile, the same with nothing edited, and one that answers one request at a time (--max-batch 1). Half
of the prompts are those of edits, half lie beside them; every answer is greedy.

No answer may mix versions: each names its version, all answers of one version to one prompt must be the
same, and what that version says when it is asked by its number must be that too. Anything else than 200,
and 429 where the queue is full, fails the run, and so does memory that goes on growing.
"""

import argparse
import asyncio
import json
import pathlib
import random
import re
import sys
import tempfile
import time

import aiohttp

import served
from served import MODEL, NAME, ROOT

TOKENS = 16


def edits():
    return [json.loads(line) for line in (MODEL / "edits.jsonl").read_text().splitlines()]


class Server(served.Server):
    def memory(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+)", status).group(1)) / 1024


class Run:
    """What one server was asked, and what it said."""

    def __init__(self, server, session, prompts):
        self.server, self.session, self.prompts = server, session, prompts
        self.answers = {}
        self.latencies, self.first = [], []
        self.tokens = self.busy = 0
        self.wrong, self.memory, self.changes = [], [], []

    async def ask(self, prompt, model=NAME):
        body = {"model": model, "prompt": prompt, "temperature": 0, "max_tokens": TOKENS, "errata": True}
        async with self.session.post(f"{self.server.url}/v1/completions", json=body) as answer:
            return answer.status, await answer.json()

    def check(self, prompt, answer):
        """All answers of one version to one prompt are the same."""
        choice = answer["choices"][0]
        key = (answer["model"], prompt)
        if f"{NAME}@{choice['errata']['version']}" != answer["model"].split(".")[0]:
            self.wrong.append(f"{answer['model']} has the trace of {choice['errata']['version']}")
        known = self.answers.setdefault(key, choice["text"])
        if known != choice["text"]:
            self.wrong.append(f"{key}: {known!r} and {choice['text']!r}")

    async def client(self, end, seed):
        draw = random.Random(seed)
        while time.monotonic() < end:
            prompt = draw.choice(self.prompts)
            start = time.monotonic()
            try:
                status, answer = await self.ask(prompt)
            except aiohttp.ClientError as error:
                self.wrong.append(f"no answer: {type(error).__name__} {error}")
                continue
            if status == 429:
                self.busy += 1
                await asyncio.sleep(0.2)
            elif status != 200:
                self.wrong.append(f"{status}: {answer}")
            else:
                self.latencies.append(time.monotonic() - start)
                self.tokens += answer["usage"]["completion_tokens"]
                self.check(prompt, answer)

    async def editor(self, end, pool):
        """Publishes an edit, or takes one back, over and over."""
        live, number = [], 0
        while time.monotonic() < end:
            start = time.monotonic()
            if len(live) >= 8:
                name = live.pop(0)
                async with self.session.delete(f"{self.server.url}/v1/edits/{name}") as answer:
                    status, body = answer.status, await answer.json()
            else:
                edit = dict(pool[number % len(pool)], id=f"load-{number}")
                number += 1
                async with self.session.post(
                    f"{self.server.url}/v1/edits", json={"edits": [edit], "force": True}
                ) as answer:
                    status, body = answer.status, await answer.json()
                if status == 200 and body["state"] == "live":
                    live.append(edit["id"])
            if status != 200:
                self.wrong.append(f"edit: {status} {body}")
            self.changes.append(time.monotonic() - start)
            await asyncio.sleep(0.5)

    async def auditor(self, end):
        """Asks versions by their number what they said when they were the current one."""
        self.audited = 0
        done = set()
        while time.monotonic() < end:
            fresh = [key for key in self.answers if key not in done][-64:]
            done.update(self.answers)
            for model, prompt in fresh[:8]:
                status, answer = await self.ask(prompt, model)
                if status == 200:
                    self.audited += 1
                    self.check(prompt, answer)
            self.memory.append(self.server.memory())
            await asyncio.sleep(1)

    async def settle(self):
        """The same with nobody else asking: every version that is still kept."""
        async with self.session.get(f"{self.server.url}/v1/models") as answer:
            kept = {model["id"] for model in (await answer.json())["data"]}
        for model, prompt in [key for key in self.answers if key[0] in kept][-200:]:
            status, answer = await self.ask(prompt, model)
            if status == 200:
                self.audited += 1
                self.check(prompt, answer)


def share(values, part):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] if ordered else float("nan")


async def measure(title, binary, seconds, clients, editing, *arguments):
    pool = edits()[:40]
    prompts = [edit["prompt"] for edit in pool] + [edit["locality"][0]["prompt"] for edit in pool]
    with tempfile.TemporaryDirectory() as folder, Server(
        binary, pathlib.Path(folder) / "data", "--keep", "16", *arguments
    ) as server:
        connector = aiohttp.TCPConnector(limit=0)
        timeout = aiohttp.ClientTimeout(total=300)
        async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
            run = Run(server, session, prompts)
            start = time.monotonic()
            end = start + seconds
            await asyncio.gather(
                *(run.client(end, seed) for seed in range(clients)),
                *([run.editor(end, pool)] if editing else []), run.auditor(end))
            elapsed = time.monotonic() - start
            await run.settle()
    versions = len({model for model, _ in run.answers})
    print(
        f"{title:22} {len(run.latencies):6} answers  p50 {share(run.latencies, .5) * 1e3:6.0f} ms  "
        f"p99 {share(run.latencies, .99) * 1e3:6.0f} ms  {run.tokens / elapsed:6.0f} tokens/s  "
        f"{versions:4} versions  {run.audited:5} audited  {run.busy:5} busy  "
        f"memory {share(run.memory, .5):.0f} to {max(run.memory, default=0):.0f} MB")
    if run.changes:
        print(f"{'':22} {len(run.changes):6} changes  p50 {share(run.changes, .5) * 1e3:6.0f} ms  "
              f"p99 {share(run.changes, .99) * 1e3:6.0f} ms")
    for sentence in run.wrong[:10]:
        print("  WRONG ", sentence)
    # Learning comes and goes, so medians are compared; what grows with each request shows in them.
    quarter = len(run.memory) // 4
    early, late = share(run.memory[quarter:2 * quarter], .5), share(run.memory[-quarter:], .5)
    if seconds >= 60 and late > early * 1.25:
        run.wrong.append("memory grows")
        print(f"  WRONG  memory grows from {early:.0f} to {late:.0f} MB")
    return not run.wrong


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--binary", default=str(ROOT / ".build/release/errata"))
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--only", choices=["edited", "still", "one"])
    options = parser.parse_args()
    plans = {
        "edited": ("edited meanwhile", True, []),
        "still": ("nothing edited", False, []),
        "one": ("one at a time", False, ["--max-batch", "1"]),
    }
    isRight = True
    for name, (title, editing, arguments) in plans.items():
        if options.only in (None, name):
            isRight &= asyncio.run(
                measure(title, options.binary, options.seconds, options.clients, editing, *arguments))
    sys.exit(0 if isRight else 1)


if __name__ == "__main__":
    main()
