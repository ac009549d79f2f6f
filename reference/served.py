"""A running `errata serve` on the embedded model, for server_check.py and server_load.py."""

import pathlib
import re
import signal
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODEL = ROOT / "Models/world-gpt2"
NAME = "world-gpt2"


class Server:
    """A server of its own, on a port of its own, ended when the block is."""

    # How long it may take to end.
    seconds = 120

    def __init__(self, binary, folder, *arguments):
        self.command = [binary, "serve", "--model", str(MODEL), "--data", str(folder), "--port", "0",
                        "--threads", "1", "--log", "warning", *arguments]

    def __enter__(self):
        self.process = subprocess.Popen(self.command, stdout=subprocess.PIPE, text=True)
        line = self.process.stdout.readline()
        found = re.search(r"http://\S+", line)
        if not found:
            sys.exit(f"expected the server to say where it listens, got {line!r}")
        self.url = found.group()
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.ended(self.process.wait(timeout=self.seconds))

    def ended(self, status):
        if status != 0:
            sys.exit("expected SIGTERM to end the server with 0")
