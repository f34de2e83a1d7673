"""Events that a channel has written. Imports no torch, so that tests of reading data need none."""

from engine.jobs.events import Event, read_all
from engine.worker.runtime.channel import Channel


def events_of(channel: Channel, name: str) -> list[Event]:
    return [event for event in read_all(channel.job.events_path) if event["event"] == name]


def notice_messages(channel: Channel) -> list[str]:
    return [event["message"] for event in events_of(channel, "notice")]
