"""How long the playground takes to the first token, and how fast it writes."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import median

from tests.benchmarks.card import shapes
from tests.benchmarks.card.figures import Figure
from tests.benchmarks.card.parts import Setting
from tests.benchmarks.playground import TOKENS, Worker
from tests.helpers.benchmark_report import percentile

CONVERSATION = "Ann: Where are you?\nBob: At the station. My train is late, so I will be home at eight.\n" * 6
REQUESTS = {"cuda": 20, "cpu": 5, "pretend": 2}


def measure(setting: Setting) -> Iterator[Figure]:
    """Ask an encoder-decoder, then a decoder."""
    for size in ("base", "1b"):
        table = {"id": str(shapes.model(size, setting))}
        worker = Worker(table, setting.device)
        worker.ask([None], CONVERSATION)
        asked = [worker.ask([None], CONVERSATION) for _ in range(REQUESTS[setting.kind])]
        worker.quit()
        first = [each for each, _ in asked]
        speed = median((TOKENS - 1) / max(whole - begun, 1e-6) for begun, whole in asked)
        named = shapes.name(size, setting)
        words = f"{median(first) * 1000:.0f} ms (90th percentile {percentile(first, 0.9) * 1000:.0f} ms)"
        yield Figure(f"asked to first token, {named}", words)
        yield Figure(f"tokens/s, {named}", f"{speed:.0f}")
