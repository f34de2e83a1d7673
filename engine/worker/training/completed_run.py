"""A run that an earlier attempt completed: to ask for it again does no harm."""

from __future__ import annotations

from engine.adapters import library
from engine.jobs.event_schema import validated
from engine.jobs.events import read_all
from engine.runs import run_store
from engine.worker.runtime.channel import Channel

REPEATED = ("adapter", "path", "bytes", "step", "seconds", "memory_bytes")


def is_completed(channel: Channel) -> bool:
    """Tell whether an earlier attempt completed the run, and its adapter is undamaged wherever it is there."""
    completed = any(
        event["event"] == "job_ended" and event["outcome"] == "completed"
        for event in map(validated, read_all(channel.job.events_path))
    )
    return completed and not any(
        adapter.metadata.training.run == channel.job.id and adapter.changed_files()
        for adapter in library.scan()[0]
    )


def report_again(channel: Channel) -> None:
    """Report once more what the run made."""
    saved = run_store.replay(read_all(channel.job.events_path)).adapter
    if saved is not None:
        channel.emit("adapter_saved", **{key: saved[key] for key in REPEATED if key in saved})
