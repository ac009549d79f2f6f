"""Lets two servers follow a third as real processes, and kills the third.

    .libtorch/python/bin/python reference/follow_check.py [--binary PATH]

One server writes; one follows its directory, one its address. Checks that

  - both answer with a new version soon after the writer does, and with what it answers, undos included;
  - both refuse changes and name the writer;
  - a token without the role `replicate` copies nothing;
  - after SIGKILL of the writer both go on answering with what they had, and say that they cannot follow;
  - a writer that comes back is followed again, and a copy that stood still goes on where it broke off;
  - a damaged log is refused: the follower goes on with what it has.

Exits with 1 where anything differs.
"""

import argparse
import json
import pathlib
import re
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request

from served import MODEL, NAME, ROOT

failures = []


def expect(condition, message):
    print(f"  {'ok   ' if condition else 'WRONG'}  {message}")
    if not condition:
        failures.append(message)


class Server:
    """A server of its own, which may be killed and come back at the same port."""

    def __init__(self, binary, tokens, *arguments):
        self.arguments = [binary, "serve", "--model", str(MODEL), "--threads", "1", "--log", "warning",
                          "--tokens", str(tokens), *arguments]
        self.port = "0"
        self.begin()

    def begin(self):
        self.process = subprocess.Popen([*self.arguments, "--port", self.port], stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        found = re.search(r"http://\S+:(\d+)", self.process.stdout.readline())
        if not found:
            sys.exit("expected the server to say where it listens: " + self.process.stderr.read())
        self.url, self.port = found[0], found[1]

    def end(self, kind=signal.SIGTERM):
        """Ends it; what it said comes back."""
        self.process.send_signal(kind)
        _, said = self.process.communicate(timeout=120)
        return said

    def call(self, method, path, body=None, token="root"):
        request = urllib.request.Request(
            self.url + path, None if body is None else json.dumps(body).encode(), method=method)
        request.add_header("Content-Type", "application/json")
        request.add_header("Authorization", f"Bearer {SECRETS[token]}")
        try:
            with urllib.request.urlopen(request) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text[:1] == b"{" else text.decode()
        except urllib.error.HTTPError as error:
            return error.code, json.loads(error.read())

    def answer(self, prompt):
        """The greedy continuation, and the version that gave it."""
        status, told = self.call("POST", "/v1/completions", {
            "model": NAME, "prompt": prompt, "temperature": 0, "max_tokens": 8})
        return (told["choices"][0]["text"], told["model"]) if status == 200 else (None, told)

    @property
    def standing(self):
        return self.call("GET", "/readyz")[1]


SECRETS = {}


def token(binary, file, name, *roles):
    command = [binary, "token", "new", "--tokens", str(file), "--name", name]
    for role in roles:
        command += ["--role", role]
    SECRETS[name] = subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def until(condition, seconds=30):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False


def check(binary, folder):
    tokens = folder / "tokens.json"
    token(binary, tokens, "root", "admin")
    token(binary, tokens, "copier", "replicate")
    token(binary, tokens, "asker", "ask")
    secret = folder / "copier.token"
    secret.write_text(SECRETS["copier"] + "\n")
    lines = (MODEL / "edits.jsonl").read_text().splitlines()[:4]
    edits = [{key: json.loads(line)[key] for key in ("id", "prompt", "target")} for line in lines]
    data = folder / "data"

    print("One writes, two follow")
    writer = Server(binary, tokens, "--data", str(data))
    status, told = writer.call("POST", "/v1/edits", {"edits": edits[:1], "force": True})
    expect(status == 200, "the writer is taught")
    beside = Server(binary, tokens, "--follow", str(data))
    copy = [binary, tokens, "--follow", writer.url, "--follow-token", str(secret),
            "--data", str(folder / "copy")]
    apart = Server(*copy)
    followers = {"the one of the directory": beside, "the one of the address": apart}
    answers = {edit["prompt"]: writer.answer(edit["prompt"]) for edit in edits}

    def agree(server):
        return all(server.answer(prompt) == answer for prompt, answer in answers.items())

    for name, server in followers.items():
        expect(until(lambda: agree(server)), f"{name} answers as the writer from the start")
    status, told = writer.call("POST", "/v1/edits", {"edits": edits[1:3], "force": True})
    expect(status == 200, "the writer is taught more")
    answers = {edit["prompt"]: writer.answer(edit["prompt"]) for edit in edits}
    expect(edits[1]["target"] in answers[edits[1]["prompt"]][0], "and answers with it")
    for name, server in followers.items():
        begin = time.monotonic()
        expect(until(lambda: agree(server)),
               f"{name} answers so too, {time.monotonic() - begin:.1f} s after")
    writer.call("DELETE", "/v1/edits/" + edits[0]["id"])
    expect(until(lambda: "." in writer.answer("A")[1].split("@")[1]), "an undo, and it is forgotten")
    answers = {edit["prompt"]: (writer.answer(edit["prompt"])[0]) for edit in edits}

    def say_the_same(server):
        return all(server.answer(prompt)[0] == answer for prompt, answer in answers.items())

    for name, server in followers.items():
        expect(until(lambda: say_the_same(server)), f"{name} forgets it too")
        status, told = server.call("POST", "/v1/edits", {"edits": edits[3:]})
        expect(status == 403 and told["error"]["code"] == "read_only",
               f"{name} refuses: {told['error']['message']}")
        expect(server.standing["following"] is True and server.standing["lag_seconds"] < 10,
               f"{name} says that it follows: {server.standing}")
    status, told = writer.call("GET", "/v1/replica/events", token="asker")
    expect(status == 403, "a token without the role copies nothing")
    status, told = writer.call("GET", "/v1/edits", token="copier")
    expect(status == 403, "a token with that role alone reads no log as people do")

    print("The writer is killed")
    writer.end(signal.SIGKILL)
    for name, server in followers.items():
        expect(say_the_same(server), f"{name} goes on answering")
    expect(until(lambda: apart.standing["following"] is False),
           f"the one of the address says that it cannot follow: {apart.standing}")
    metrics = apart.call("GET", "/metrics")[1]
    expect("errata_follow_failures_total" in metrics and "errata_follow_lag_seconds" in metrics,
           "and its metrics do")
    said = apart.end()
    expect("to answer, got no answer" in said, "it said so in its log")
    apart = Server(*copy)
    expect(say_the_same(apart), "started anew without the writer, it answers from its copy")
    writer.begin()
    status, told = writer.call("POST", "/v1/edits", {"edits": edits[3:], "force": True})
    expect(status == 200, "the writer comes back, and is taught")
    prompt, target = edits[3]["prompt"], edits[3]["target"]
    for name, server in (("the one of the directory", beside), ("the one of the address", apart)):
        expect(until(lambda: target in server.answer(prompt)[0]), f"{name} follows again")

    print("The log is damaged")
    answer = beside.answer(prompt)
    writer.end()
    beside_said = None
    database = sqlite3.connect(data / "log.sqlite")
    triggers = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
    for trigger, in triggers:
        database.execute(f"DROP TRIGGER {trigger}")
    database.execute("INSERT INTO event SELECT sequence + 1, replace(document, '\"sequence\":' || sequence, "
                     "'\"sequence\":' || (sequence + 1)), 'f' || substr(hash, 2) || 'x' FROM event "
                     "ORDER BY sequence DESC LIMIT 1")
    database.commit()
    database.close()
    expect(until(lambda: beside.standing["following"] is False), "the follower of it notices")
    expect(beside.answer(prompt) == answer, "and goes on with what it has")
    beside_said = beside.end()
    expect("to follow from the one before it" in beside_said, "it says so in one sentence")
    apart.end()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--binary", default=str(ROOT / ".build/release/errata"))
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        check(arguments.binary, pathlib.Path(folder))
    if failures:
        sys.exit(f"{len(failures)} WRONG: " + "; ".join(failures))
    print("Both followed.")


if __name__ == "__main__":
    main()
