"""The job `summarize`: keeps a base model in memory and summarises on command, with and without adapters.

`engine.worker.serving.requests` describes command and events. Columns that compute the same together as alone are
written in one batch, the others one after the other, and their text is streamed. Knows nothing of where it is shown.
"""

from __future__ import annotations

import time
from typing import Any

from engine.adapters import exports
from engine.config.decoding import CTRANSLATE2
from engine.config.recipe import BaseModelOptions
from engine.errors import AppError, BaseModelError
from engine.options import check
from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.dataset.prompting import notices_of_other_format
from engine.worker.exports.ctranslate2_model import LoadedModels
from engine.worker.modeling import base_models
from engine.worker.runtime import devices
from engine.worker.runtime.channel import Channel
from engine.worker.serving import requests
from engine.worker.serving.batch_writer import BatchWriter
from engine.worker.serving.columns import Column, Group, make_column, make_groups
from engine.worker.serving.requests import Cancelled, Request

POLL_SECONDS = 0.05
MAX_TOGETHER = 32


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Load the base model, then summarise on command until told to quit or the window is gone."""
    options, problems = check(BaseModelOptions, request["base_model"], "base_model")
    if not isinstance(options, BaseModelOptions):
        raise BaseModelError(problems[0].message, problems[0].hint, problems[0].field)
    channel.enter("load_base")
    base = base_models.load(options, request["device"], channel)
    channel.emit(
        "base_ready",
        family=base.family,
        precision=base.precision,
        device=devices.name(base.device),
        **devices.card(base.device),
    )
    Playground(channel, AdapterManager(base)).serve()


class Playground:
    """Answers commands with summaries."""

    def __init__(self, channel: Channel, manager: AdapterManager) -> None:
        self._channel = channel
        self._manager = manager
        self._converted = LoadedModels(channel, manager.base)
        self._queue: list[Request] = []
        self._cancelled: set[str] = set()
        self._quits = False

    def serve(self) -> None:
        """Answer commands in order until `quit`, `stop` or the window is gone."""
        while not self._quits:
            self._take_commands()
            if self._queue:
                self._summarize(self._next())
            else:
                time.sleep(POLL_SECONDS)

    def _take_commands(self) -> None:
        """Take new commands. Raises Stopped if the job should stop."""
        self._channel.check_stop()
        for command in self._channel.pending_commands():
            if command["command"] == "summarize":
                self._queue.append(requests.from_command(command))
            elif command["command"] == "cancel":
                self._cancelled.add(command["request"])
            elif command["command"] == "quit":
                self._quits = True

    def _next(self) -> list[Request]:
        """Take the request that waits longest out of the queue, with those that one batch can answer too."""
        first = self._queue[0]
        together = [each for each in self._queue if each is first or each.goes_with(first)][:MAX_TOGETHER]
        self._queue = [each for each in self._queue if each not in together]
        return together

    def _summarize(self, asked: list[Request]) -> None:
        """Write the summaries of requests that go together, and report each as finished or cancelled."""
        ended = False
        try:
            wanted = [each for each in asked if each.id not in self._cancelled]
            if wanted:
                self._answer(wanted)
        except Cancelled:
            ended = True
        for each in asked:
            cancelled = ended or each.id in self._cancelled
            self._cancelled.discard(each.id)
            self._channel.emit("request_finished", request=each.id, cancelled=cancelled)

    def _check_wanted(self, asked: list[Request]) -> None:
        """Raise Cancelled if all requests that are answered were cancelled, or the job should end."""
        self._take_commands()
        if self._quits or all(each.id in self._cancelled for each in asked):
            raise Cancelled

    def _answer(self, asked: list[Request]) -> None:
        request = asked[0]
        writer = BatchWriter(self._channel, self._manager.base, asked, lambda: self._check_wanted(asked))
        if request.error is not None:
            for name in request.columns:
                writer.fail(name, request.error)
            return
        try:
            self._check_wanted(asked)
            columns = self._columns(request, writer)
            if request.options.runtime == CTRANSLATE2:
                self._write_converted(columns, writer, asked)
                return
            for group in make_groups(columns, self._manager):
                self._check_wanted(asked)
                self._write(group, writer)
        except Cancelled:
            writer.cancel()
            raise

    def _columns(self, request: Request, writer: BatchWriter) -> list[Column]:
        """Return the columns whose adapters exist; the others are reported as failed."""
        columns = []
        for name in request.columns:
            try:
                column = make_column(name, request, self._manager.base)
            except AppError as error:
                writer.fail(name, error)
                continue
            columns.append(column)
            if column.adapter is not None:
                for notice in notices_of_other_format(column.adapter, column.prompter.format):
                    self._channel.notice(**notice)
        return columns

    def _write(self, group: Group, writer: BatchWriter) -> None:
        """Write the summaries of a group; if its adapters can't be activated, its columns are reported as failed."""
        try:
            with group.active(self._manager) as (model, mixed_batch):
                writer.write(model, mixed_batch, group.columns)
        except AppError as error:
            for column in group.columns:
                writer.fail(column.name, error)

    def _write_converted(self, columns: list[Column], writer: BatchWriter, asked: list[Request]) -> None:
        """Write the summaries of each column by CTranslate2; a column that it can't write is reported as failed."""
        base = self._manager.base
        for column in columns:
            self._check_wanted(asked)
            adapters = [column.adapter] if column.adapter else []
            if problems := exports.runtime_problems(CTRANSLATE2, adapters, base.options.quantization):
                writer.fail(column.name, AppError(problems[0].message, problems[0].hint))
                continue
            try:
                runtime = self._converted.load(column.adapter)
                self._channel.enter("write")
                writer.write(base.model, None, [column], runtime)
            except AppError as error:
                writer.fail(column.name, error)
