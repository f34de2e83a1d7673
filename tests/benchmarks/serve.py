"""`main.py serve` under load: what eight clients at once lose, and how much memory grows.

`SERVE_MINUTES` is how long the clients ask (default: 5).
"""

import http.client
import json
import os
import subprocess
import sys
import threading
import time
from collections import Counter
from contextlib import closing
from typing import Any

import psutil

from tests.helpers.benchmark_report import Row, percentile, show, temporary_home, trained
from tests.helpers.repository import MAIN

CLIENTS = 8
SHORT = ("training.max_steps=60", "evaluation.examples=20")
TOKEN = "benchmark"
MIB = 1 << 20


def main() -> None:
    """Train a short run of the starter, serve it, and ask."""
    with temporary_home():
        adapter = trained("starter", *SHORT)
        command = [sys.executable, str(MAIN), "serve", "--adapter", adapter, "--port", "0", "--json"]
        environment = os.environ | {"TUNESMITH_SERVE_TOKEN": TOKEN}
        with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            ready = json.loads(process.stdout.readline())
            port = int(ready["address"].split(":")[2].split("/")[0])
            try:
                show("Serving", _measured(process.pid, port, ready["models"]))
            finally:
                process.terminate()
                process.wait(60)


def _measured(pid: int, port: int, models: list[str]) -> list[Row]:
    seconds = 60 * float(os.environ.get("SERVE_MINUTES", "5"))
    _Answers(port, models).ask_for(20.0)
    before, answers = _memory(pid), _Answers(port, models)
    answers.ask_for(seconds)
    return [
        ("clients at once, minutes", f"{CLIENTS}, {seconds / 60:g}", "8, 5"),
        ("answered, lost", f"{answers.statuses[200]:,}, {answers.lost:,}", "lost: 0"),
        ("answers a second", f"{answers.statuses[200] / seconds:.1f}", ""),
        ("time of an answer, median and 99 %", f"{_spread(answers.seconds)}", ""),
        (
            "memory of server and worker, before and after",
            f"{before / MIB:.0f} MiB, {_memory(pid) / MIB:.0f} MiB",
            "level",
        ),
    ]


def _spread(seconds: list[float]) -> str:
    return f"{percentile(seconds, 0.5):.2f} s, {percentile(seconds, 0.99):.2f} s"


class _Answers:
    """What clients got that ask one question after the other."""

    def __init__(self, port: int, models: list[str]) -> None:
        self._port, self._models = port, models
        self.statuses: Counter[int] = Counter()
        self.seconds: list[float] = []
        self._lock = threading.Lock()

    @property
    def lost(self) -> int:
        return sum(self.statuses.values()) - self.statuses[200]

    def ask_for(self, seconds: float) -> None:
        until = time.monotonic() + seconds
        clients = [threading.Thread(target=self._ask, args=(number, until)) for number in range(CLIENTS)]
        for client in clients:
            client.start()
        for client in clients:
            client.join()

    def _ask(self, number: int, until: float) -> None:
        turn = 0
        while time.monotonic() < until:
            turn += 1
            text = (
                f"Ann: Shall we meet at {1 + turn % 12}?\\nBob: Yes, at gate {number}.\\nAnn: See you there."
            )
            asked: dict[str, Any] = {
                "model": self._models[turn % len(self._models)],
                "messages": [{"role": "user", "content": text}],
                # Every third is streamed.
                "stream": turn % 3 == 0,
            }
            began = time.monotonic()
            status = _status(self._port, json.dumps(asked).encode())
            with self._lock:
                self.statuses[status] += 1
                self.seconds.append(time.monotonic() - began)


def _status(port: int, body: bytes) -> int:
    """Return the status of an answer, 0 for one without a whole answer."""
    try:
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=120)) as connection:
            connection.request("POST", "/v1/chat/completions", body, {"Authorization": f"Bearer {TOKEN}"})
            response = connection.getresponse()
            response.read()
            return response.status
    except (OSError, http.client.HTTPException):
        return 0


def _memory(pid: int) -> int:
    parent = psutil.Process(pid)
    return sum(each.memory_info().rss for each in (parent, *parent.children(recursive=True)))


if __name__ == "__main__":
    main()
