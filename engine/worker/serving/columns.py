"""The columns of a request: which adapter each is, what it reads, and which can be written in one batch.

Knows nothing of what is written.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from engine.adapters import library
from engine.adapters.library import Adapter
from engine.adapters.metadata import PromptFacts
from engine.config.prompts import DEFAULT_PROMPT
from engine.errors import AppError
from engine.worker.adapters.adapter_manager import Switcher
from engine.worker.adapters.multi_lora import Mix
from engine.worker.dataset.prompting import Prompter, remembered
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.serving.requests import Request

DEFAULT_PROMPTING = PromptFacts(template=DEFAULT_PROMPT, max_conversation_tokens=512)


@dataclass(frozen=True)
class Column:
    """One column: its name in the request, its adapter (None: the base alone), and how conversations are read."""

    name: str | None
    adapter: Adapter | None
    prompter: Prompter
    limit: int


def make_column(name: str | None, request: Request, base: LoadedBase) -> Column:
    """Return a column of a request. Raises AdapterError.

    An adapter that is a prompt reads its own all the same: without it there would be nothing to compare.
    """
    adapter = library.find(name) if name else None
    own = adapter.passport.prompt if adapter else None
    if adapter is None or not adapter.is_prompt:
        own = request.prompt or own
    prompt = own or _first_prompt(request.columns) or DEFAULT_PROMPTING
    limit = prompt.max_conversation_tokens
    return Column(name, adapter, remembered(prompt, base, limit, request.options.max_new_tokens), limit)


def _first_prompt(names: Sequence[str | None]) -> PromptFacts | None:
    """Return what the first adapter of a request was trained with, so that the base gets the same to read.

    One that is nothing but a prompt is compared with the base's plain prompt: with its own the two were the same.
    """
    for name in filter(None, names):
        try:
            adapter = library.find(name)
        except AppError:
            # Its own column says so.
            continue
        if adapter.passport.prompt and not adapter.is_prompt:
            return adapter.passport.prompt
    return None


class Group:
    """Columns that are written together: each row of a batch as its own column has it."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = list(columns)

    @contextmanager
    def on(self, switcher: Switcher) -> Iterator[tuple[Model, Mix | None]]:
        """Let the base compute so. Raises AdapterError."""
        adapters = [column.adapter for column in self.columns]
        if len(adapters) == 1:
            with switcher.use(adapters[0]) as model:
                yield model, None
        else:
            with switcher.mix(adapters) as (model, mix):
                yield model, mix


def grouped(columns: Sequence[Column], switcher: Switcher) -> list[Group]:
    """Return the columns in groups, as few as compute the same as each column alone, the first column's first.

    An adapter that does not fit is alone, so that whoever writes it is told so.
    """
    mixing = [column for column in columns if _mixes(column, switcher)]
    if not any(column.adapter and not column.adapter.is_prompt for column in mixing):
        mixing = []
    groups = [Group([column]) for column in columns if column not in mixing]
    if mixing:
        groups.append(Group(mixing))
    return sorted(groups, key=lambda group: columns.index(group.columns[0]))


def _mixes(column: Column, switcher: Switcher) -> bool:
    try:
        return column.adapter is None or switcher.mixes(column.adapter)
    except AppError:
        return False
