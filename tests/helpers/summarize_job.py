"""Runs the summarize job in this process, with another thread in the place of the window; and expected summaries."""

import threading
from collections.abc import Callable
from typing import Any

from engine.adapters.library import Adapter
from engine.jobs.events import Event, EventReader
from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.dataset.prompter import Prompter
from engine.worker.generation.generate import generate
from engine.worker.jobs import summarize
from engine.worker.runtime.channel import Channel
from tests.helpers.tiny_models import Kind, tiny_model
from tests.helpers.worker_setup import load_tiny, make_channel

CONVERSATION = "Ann: Where are you?\nBob: At the office."
# The prompt that the tests' adapters were trained with.
TEMPLATE = "Summarize: {conversation}\nSummary: "


def arguments(kind: Kind) -> dict[str, Any]:
    table = {"id": str(tiny_model(kind)), "precision": "float32"}
    return {"base_model": table, "device": "cpu"}


def summarize_command(columns: list[str | None], request: str = "one", **changes: Any) -> dict[str, Any]:
    decoding = {"beams": 1, "max_new_tokens": 12, "temperature": 0.0}
    return {"request": request, "conversation": CONVERSATION, "columns": columns} | decoding | changes


def serve(kind: Kind, answer: Callable[[Channel, Event], None]) -> Channel:
    """Run the job while another thread answers its events, as a window does; return its channel."""
    channel = make_channel("summarize", **arguments(kind))
    over = threading.Event()

    def watch() -> None:
        reader = EventReader(channel.job.events_path)
        while not over.wait(0.01):
            for event in reader.read():
                answer(channel, event)

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        summarize.run(channel, {"kind": "summarize", **arguments(kind)})
    finally:
        over.set()
        thread.join()
    return channel


def send_all(*requests: dict[str, Any]) -> Callable[[Channel, Event], None]:
    """Return an answer function that sends all requests when the base is ready, and quits after the last."""
    left = len(requests)

    def answer(channel: Channel, event: Event) -> None:
        nonlocal left
        if event["event"] == "base_ready":
            for request in requests:
                channel.job.send("summarize", **request)
        elif event["event"] == "request_finished":
            left -= 1
            if left == 0:
                channel.job.send("quit")

    return answer


def expected_summary(
    kind: Kind,
    adapter: Adapter | None,
    template: str,
    text: str = CONVERSATION,
    limit: int = 200,
    **decoding: Any,
) -> str:
    """Return the summary that a base or an adapter generates alone, the text truncated to `limit` tokens."""
    base = load_tiny(kind)
    ids = Prompter(base.tokenizer, base.family, template, limit, 12).input_ids(text)
    wanted = {"beams": 1, "max_new_tokens": 12} | decoding
    with AdapterManager(base).use(adapter) as model:
        return generate(model, base.tokenizer, base.family, [ids], **wanted)[0].text
