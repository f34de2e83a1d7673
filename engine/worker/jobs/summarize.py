"""The job `summarize`: a base model stays in memory and summarises on command, with and without adapters.

What can be asked, and what comes of it, stands in `requests`. Columns that compute the same together as alone are
written in one batch, the others one after the other, and their text goes out as it grows. Knows nothing of where it
is shown.
"""

from __future__ import annotations

import time
from typing import Any

from engine.config.recipe import BaseModelOptions
from engine.errors import AppError, BaseModelError
from engine.jobs.job import Command
from engine.options import check
from engine.worker.adapters.adapter_manager import Switcher
from engine.worker.modeling import base_models
from engine.worker.runtime import devices
from engine.worker.runtime.channel import Channel
from engine.worker.serving import requests
from engine.worker.serving.batch_writer import Writing
from engine.worker.serving.columns import Column, Group, grouped, make_column
from engine.worker.serving.requests import Request

LOOK_SECONDS = 0.05


class Cancelled(Exception):
    """The summaries being written are not wanted any more."""


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Load the base model, then summarise on command until told to quit or the window is gone."""
    options, problems = check(BaseModelOptions, request["base_model"], "base_model")
    if not isinstance(options, BaseModelOptions):
        raise BaseModelError(problems[0].message, problems[0].hint, problems[0].field)
    devices.reserve(request["device"])
    channel.enter("load_base")
    base = base_models.load(options, request["device"], channel)
    channel.emit("base_ready", family=base.family, precision=base.precision, device=str(base.device))
    Playground(channel, Switcher(base)).serve()


class Playground:
    """Commands in, summaries out."""

    def __init__(self, channel: Channel, switcher: Switcher) -> None:
        self._channel = channel
        self._switcher = switcher
        self._waiting: list[Command] = []
        self._cancelled: set[str] = set()
        self._quits = False

    def serve(self) -> None:
        """Do what is asked, in order, until `quit`, `stop` or the window's going."""
        while not self._quits:
            self._listen()
            if self._waiting:
                self._summarize(self._waiting.pop(0))
            else:
                time.sleep(LOOK_SECONDS)

    def _listen(self) -> None:
        """Take in commands. Raises Stopped if the job should stop."""
        self._channel.check_stop()
        for command in self._channel.kept_commands():
            if command["command"] == "summarize":
                self._waiting.append(command)
            elif command["command"] == "cancel":
                self._cancelled.add(command["request"])
            elif command["command"] == "quit":
                self._quits = True

    def _summarize(self, asked: Command) -> None:
        """Write all that a command asks for, and say when that is done, or no more wanted."""
        cancelled = False
        try:
            self._check_wanted(asked["request"])
            self._answer(asked)
        except Cancelled:
            cancelled = True
        self._channel.emit("request_finished", request=asked["request"], cancelled=cancelled)

    def _check_wanted(self, request: str) -> None:
        self._listen()
        if self._quits or request in self._cancelled:
            raise Cancelled

    def _answer(self, asked: Command) -> None:
        request = requests.from_command(asked)
        writing = Writing(self._channel, self._switcher.base, request, lambda: self._check_wanted(request.id))
        if request.trouble is not None:
            for name in request.columns:
                writing.fail(name, request.trouble)
            return
        try:
            for group in grouped(self._columns(request, writing), self._switcher):
                self._check_wanted(request.id)
                self._write(group, writing)
        except Cancelled:
            writing.give_up()
            raise

    def _columns(self, request: Request, writing: Writing) -> list[Column]:
        """Return the columns that there are; of the others it is said why not."""
        found = []
        for name in request.columns:
            try:
                found.append(make_column(name, request, self._switcher.base))
            except AppError as error:
                writing.fail(name, error)
        return found

    def _write(self, group: Group, writing: Writing) -> None:
        """Write a group; columns that can't be written say why, and the other groups go on."""
        try:
            with group.on(self._switcher) as (model, mix):
                writing.write(model, mix, group.columns)
        except AppError as error:
            for column in group.columns:
                writing.fail(column.name, error)
