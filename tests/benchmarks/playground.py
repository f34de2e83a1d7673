"""How long until the playground's first token, and what do four adapters beside the base cost? A real worker, starter.

The adapters are random LoRAs of the starter recipe's shape, and every summary has the same number of tokens, so that
five columns have as much to write each as one alone. Requests take turns, so that what else the machine does touches
all alike.
"""

import json
import statistics
import sys
import time
from collections import defaultdict
from typing import Any

from engine.config import recipe as recipes
from engine.jobs.events import Event
from engine.jobs.job import create_job
from engine.jobs.supervisor import Supervisor
from engine.system.paths import jobs_folder, presets_folder, sample_folder
from tests.helpers.benchmark_report import percentile, show, temporary_home
from tests.helpers.worker_setup import install_random

CONVERSATIONS, ROUNDS, ADAPTERS, TOKENS = 7, 2, 4, 40
PRECISIONS = ("float32", "bfloat16")
WARM_UP = "warm-up"


def main() -> None:
    """Measure and print; arguments name some of the number formats."""
    with temporary_home():
        recipe = recipes.load(presets_folder() / "starter.toml")
        tables: dict[str, Any] = {
            "base_model": {"id": "starter", "precision": "float32"},
            "data": {"prompt": recipe.data.prompt, "max_conversation_tokens": 256},
            "method": {"id": "lora", **recipe.method.options.model_dump()},
        }
        adapters = [
            install_random("t5", f"adapter {seed}", seed=seed, strength=0.01, **tables).id
            for seed in range(ADAPTERS)
        ]
        for precision in sys.argv[1:] or PRECISIONS:
            _measure(precision, adapters)


def _measure(precision: str, adapters: list[str]) -> None:
    lines = (sample_folder() / "test.jsonl").read_text(encoding="utf-8").splitlines()
    conversations = [json.loads(line)["dialogue"] for line in lines[:CONVERSATIONS]]
    columns: dict[str, list[str | None]] = {
        "base": [None], "adapter": [adapters[0]], "all": [None, *adapters],
    }  # fmt: skip
    requests = [(WARM_UP, columns["all"], conversations[0])]
    requests += [
        (name, asked, conversation)
        for _ in range(ROUNDS)
        for conversation in conversations
        for name, asked in columns.items()
    ]
    worker = Worker({"id": "starter", "precision": precision}, "cpu")
    first, whole = defaultdict(list), defaultdict(list)
    for name, asked, conversation in requests:
        first_seconds, seconds = worker.ask(asked, conversation)
        first[name].append(first_seconds)
        whole[name].append(seconds)
    worker.quit()
    _report(precision, first, whole)


def _report(precision: str, first: dict[str, list[float]], whole: dict[str, list[float]]) -> None:
    medians = {name: statistics.median(seconds) for name, seconds in whole.items()}
    title = f"The playground, starter in {precision}, {TOKENS} tokens a summary, {CONVERSATIONS * ROUNDS} times each"
    rows = [
        (f"asked to first token, {words}, median (90th percentile)", _milliseconds(first[name]), goal)
        for name, words, goal in (
            ("adapter", "one column", "300 ms"),
            ("all", "base and four adapters", "300 ms"),
        )
    ]
    rows += [
        ("asked to done: base alone, one adapter, base and four", _seconds(medians), ""),
        ("base and four adapters over one adapter", f"{medians['all'] / medians['adapter']:.2f}", "2.0"),
        ("base and four adapters over the base", f"{medians['all'] / medians['base']:.2f}", ""),
    ]
    show(title, rows)


def _milliseconds(seconds: list[float]) -> str:
    return f"{statistics.median(seconds) * 1000:.0f} ms ({percentile(seconds, 0.9) * 1000:.0f} ms)"


def _seconds(medians: dict[str, float]) -> str:
    return ", ".join(f"{medians[name]:.2f} s" for name in ("base", "adapter", "all"))


class Worker:
    """A summarize worker with a base model loaded."""

    def __init__(self, base_model: dict[str, Any], device: str) -> None:
        arguments = {"base_model": base_model, "device": device}
        self._job = create_job(jobs_folder(), "summarize", arguments)
        self._supervisor = Supervisor(self._job, niced=False)
        self._supervisor.start()
        self._number = 0
        self._await("base_ready", lambda _: None)

    def ask(self, columns: list[str | None], conversation: str) -> tuple[float, float]:
        """Return the seconds from asking to the first token and to the end, as an onlooker would have them."""
        self._number += 1
        settings = {"max_new_tokens": TOKENS, "min_new_tokens": TOKENS}
        shown: list[float] = []

        def look(event: Event) -> None:
            if event["event"] == "summary_extended" and not shown:
                shown.append(time.time())

        began = time.time()
        self._job.send(
            "summarize", request=str(self._number), columns=columns, conversation=conversation, **settings
        )
        self._await("request_finished", look)
        return shown[0] - began, time.time() - began

    def _await(self, name: str, look: Any) -> None:
        while True:
            for event in self._supervisor.poll():
                look(event)
                if event["event"] in ("summary_failed", "job_ended"):
                    raise SystemExit(f"The worker gave up: {event}")
                if event["event"] == name:
                    return
            time.sleep(0.002)

    def quit(self) -> None:
        self._job.send("quit")
        for _ in self._supervisor.follow():
            pass
        self._supervisor.close()


if __name__ == "__main__":
    main()
