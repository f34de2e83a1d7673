"""The columns of a request: their adapters and prompts, and which of them can be written in one batch.

Knows nothing of how summaries are written.
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
from engine.worker.adapters.adapter_manager import AdapterManager
from engine.worker.adapters.multi_lora import MixedBatch
from engine.worker.dataset.prompter import Prompter
from engine.worker.dataset.prompting import prompter_from_metadata
from engine.worker.modeling.base_models import LoadedBase, Model
from engine.worker.serving.requests import Request

DEFAULT_PROMPTING = PromptFacts(template=DEFAULT_PROMPT, format="auto", max_conversation_tokens=512)


@dataclass(frozen=True)
class Column:
    """One column: its name in the request, its adapter (None: the base alone), its prompt and token limit."""

    name: str | None
    adapter: Adapter | None
    prompter: Prompter
    limit: int


def make_column(name: str | None, request: Request, base: LoadedBase) -> Column:
    """Return a column of a request. Raises AdapterError.

    The request's prompt replaces the adapter's, except for an adapter that consists of its prompt.
    """
    adapter = library.find(name) if name else None
    own = adapter.metadata.prompt if adapter else None
    prompt = own or _first_prompt(request.columns) or DEFAULT_PROMPTING
    if request.prompt is not None and (adapter is None or not adapter.is_prompt):
        # In the format that the column has by itself, unless the request names another.
        named = "format" in request.prompt.model_fields_set
        prompt = request.prompt if named else request.prompt.model_copy(update={"format": prompt.format})
    limit = prompt.max_conversation_tokens
    return Column(
        name, adapter, prompter_from_metadata(prompt, base, limit, request.options.max_new_tokens), limit
    )


def _first_prompt(names: Sequence[str | None]) -> PromptFacts | None:
    """Return the prompt of the first adapter with weights, which the base model reads too.

    An adapter that consists of its prompt is compared with the base's plain prompt: with its own prompt the base would
    write the same.
    """
    for name in filter(None, names):
        try:
            adapter = library.find(name)
        except AppError:
            # Its own column reports that.
            continue
        if adapter.metadata.prompt and not adapter.is_prompt:
            return adapter.metadata.prompt
    return None


class Group:
    """Columns that are written in the same batches, each row with its column's adapter."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self.columns = list(columns)

    @contextmanager
    def active(self, manager: AdapterManager) -> Iterator[tuple[Model, MixedBatch | None]]:
        """Activate the adapters of the columns within the context. Raises AdapterError."""
        adapters = [column.adapter for column in self.columns]
        if len(adapters) == 1:
            with manager.use(adapters[0]) as model:
                yield model, None
        else:
            with manager.mixed_batch(adapters) as (model, mixed_batch):
                yield model, mixed_batch


def make_groups(columns: Sequence[Column], manager: AdapterManager) -> list[Group]:
    """Return the fewest groups in which each column computes the same as alone, in the order of their first columns.

    An adapter that does not fit the base model has a group of its own, whose activation then fails.
    """
    mixed = [column for column in columns if _supports_mixed_batch(column, manager)]
    if not any(column.adapter and not column.adapter.is_prompt for column in mixed):
        mixed = []
    groups = [Group([column]) for column in columns if column not in mixed]
    if mixed:
        groups.append(Group(mixed))
    return sorted(groups, key=lambda group: columns.index(group.columns[0]))


def _supports_mixed_batch(column: Column, manager: AdapterManager) -> bool:
    try:
        return column.adapter is None or manager.supports_mixed_batch(column.adapter)
    except AppError:
        return False
