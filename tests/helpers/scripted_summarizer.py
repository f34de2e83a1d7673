"""A summarize worker that answers from a script instead of a model: a real process, the real channel, no torch.

    python -m tests.helpers.scripted_summarizer JOB_FOLDER

The environment variable TUNESMITH_TEST_SUMMARIES holds its answers: a JSON table from the adapter's id ("" for the
base) to a summary, or to {"fail": message}, {"abort": true}, {"hang": true}, or {"convert": true} to convert
a model until the request is cancelled; "load_seconds" is the loading time of the base model.
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

# Not from engine.api: its imports take longer than most answers.
from engine.jobs.job import Job  # noqa: E402
from engine.worker import __main__ as worker  # noqa: E402
from engine.worker.runtime.channel import Channel, Stopped  # noqa: E402

# A longer conversation is read in two chunks if the request asks for it.
LONG_WORDS = 40
VARIABLE = "TUNESMITH_TEST_SUMMARIES"


def command(job: Job) -> list[str]:
    return [sys.executable, str(Path(__file__).resolve()), str(job.folder)]


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Answer requests until asked to quit; no model is loaded."""
    channel.enter("load_base")
    answers = json.loads(os.environ.get(VARIABLE, "{}"))
    # Without polling, as a library that loads weights.
    time.sleep(answers.get("load_seconds", 0))
    channel.emit("base_ready", family="encoder-decoder", precision="float32", device="cpu")
    while True:
        channel.check_stop()
        for asked in channel.pending_commands():
            if asked["command"] == "quit":
                return
            if asked["command"] == "summarize":
                answer(channel, asked, answers)
        time.sleep(0.02)


def answer(channel: Channel, asked: dict[str, Any], answers: dict[str, Any]) -> None:
    """Stream a summary for every column, or one for every conversation and column."""
    cancelled = False
    for index, one in enumerate(asked.get("conversations", [asked])):
        place = {"index": index} if "conversations" in asked else {}
        for adapter in asked["columns"]:
            facts = {"request": asked["request"], "adapter": adapter, **place}
            cancelled = cancelled or not write(
                channel, facts, asked, one, answers.get(adapter or "", "Nothing.")
            )
    channel.emit("request_finished", request=asked["request"], cancelled=cancelled)


def write(
    channel: Channel, facts: dict[str, Any], asked: dict[str, Any], one: dict[str, Any], said: Any
) -> bool:
    """Write one summary; return False if it was cancelled."""
    if isinstance(said, dict) and "convert" in said:
        channel.enter("convert")
        return endure(channel, said, asked["request"])
    words = len(one["conversation"].split())
    is_long = asked.get("long_conversations") == "piecewise" and words > LONG_WORDS
    about = {"input_tokens": words, "pieces": 2 if is_long else 1}
    if "index" not in facts:
        channel.emit("summary_started", **facts, **about)
    for piece in (2, 1) if is_long else ():
        part = {"round": 1, "piece": piece, "pieces": 2, "summary": f"Piece {piece}."}
        channel.emit("piece_finished", **facts, **part)
    if isinstance(said, dict) and "fail" in said:
        channel.emit("summary_failed", **facts, message=said["fail"], hint="")
    elif isinstance(said, dict):
        channel.emit("summary_extended", **facts, text="The beg")
        return endure(channel, said, asked["request"])
    else:
        stream(channel, facts, said, one)
    return True


def endure(channel: Channel, said: dict[str, Any], request: str) -> bool:
    """Die, or wait for the request to be cancelled."""
    if "abort" in said:
        print("a kernel gave up", file=sys.stderr, flush=True)
        os.abort()
    while True:
        channel.check_stop()
        asked = {each["command"] for each in channel.pending_commands()}
        if "quit" in asked:
            raise Stopped
        if "cancel" in asked:
            return False
        time.sleep(0.02)


def stream(channel: Channel, facts: dict[str, Any], text: str, asked: dict[str, Any]) -> None:
    """Emit a summary word by word."""
    for word in text.split(" "):
        channel.emit("summary_extended", **facts, text=word + " ")
    scores = {"scores": {"rouge1": 0.5, "chrf": 0.6}} if asked.get("reference") else {}
    channel.emit("summary_finished", **facts, summary=text, tokens=len(text.split()), seconds=0.5, **scores)


if __name__ == "__main__":
    worker.JOBS = dict.fromkeys(worker.JOBS, "__main__")
    sys.exit(worker.main(Path(sys.argv[1])))
