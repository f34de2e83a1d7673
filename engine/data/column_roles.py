"""Which column holds conversations, and which summaries: by what it is called, and by what stands in it.

A whole name such as "dialogue" is believed. A name that says it in part, such as "summary_status", needs texts that may
be it. Where several columns are alike, a person is asked.
"""

from __future__ import annotations

from collections.abc import Sequence

from engine.data import cells, column_contents, column_names
from engine.data.first_rows import FirstRows
from engine.errors import DataError

# Of what stands in a column, so much is shown beside a question.
MAX_SHOWN = 60


class ColumnRoles:
    """Chooses among the columns of some rows."""

    def __init__(self, first: FirstRows) -> None:
        self._first = first

    def conversation(self, columns: Sequence[str]) -> str | None:
        """Return the column that is called as a conversation. Raises DataError for several that are alike."""
        names = column_names.CONVERSATION_NAMES
        free = [name for name in columns if not _is_summary_in_part(name)]
        called = [name for name in free if column_names.exact([name], names)]
        likelier = column_contents.likelier_conversation(called, self._first.rows)
        sure = column_names.exact(called, column_names.SURE_CONVERSATION_NAMES)
        if sure and (likelier in (None, sure) or self._may_be_text(sure)):
            return sure
        if called:
            return likelier or column_names.exact(called, names)
        partly = column_names.called_in_part(filter(self._may_be_text, free), names)
        if len(partly) < 2:
            return next(iter(partly), None)
        likelier = column_contents.likelier_conversation(partly, self._first.rows, clearly=True)
        if likelier is None:
            raise self._unclear("conversation", partly)
        return likelier

    def summary(self, free: Sequence[str]) -> str | None:
        """Return the column that is called as a summary. Raises DataError for several that are alike."""
        lists = [name for name in free if any(cells.as_list(cell) for cell in self._first.cells(name))]
        texts = [name for name in free if self._may_be_text(name)]
        names = (*column_names.SUMMARY_NAMES, *column_names.SUMMARY_LIST_NAMES)
        chosen = (
            column_names.exact(free, column_names.SUMMARY_NAMES)
            or column_names.exact(lists, column_names.SUMMARY_LIST_NAMES)
            or column_names.exact(texts, names)
        )
        if chosen is None:
            written = [name for name in texts if not _is_generated(name)]
            partly = column_names.called_in_part(written, names) or column_names.called_in_part(texts, names)
            chosen = next(iter(partly), None) or column_names.numbered(free, column_names.SUMMARY_NAMES)
            if set(partly) - {chosen, *(column_names.numbered_beside(chosen, partly) if chosen else ())}:
                raise self._unclear("summary", partly)
        # The first of summary_1, summary_2 and summary_3 comes first.
        alike = {chosen, *column_names.numbered_beside(chosen, free)} if chosen else set()
        return next((name for name in free if name in alike), None)

    def answers_questions(self, summary: str) -> bool:
        """Tell whether a column of answers, whose name says no more, stands beside questions."""
        if column_names.plain(summary) not in column_names.CLASS_NAMES:
            return False
        asked = column_names.exact(self._first.columns, column_names.INSTRUCTION_NAMES)
        texts = [cells.text_of(row.get(asked)).strip() for row in self._first.rows] if asked else []
        return sum(text.endswith("?") for text in texts) * 2 > len(texts)

    def _may_be_text(self, name: str) -> bool:
        """Tell whether several words that differ from row to row stand in a column, as far as rows are known."""
        rows, is_plain = self._first.rows, self._first.is_plain(name)
        return not rows or not is_plain or column_contents.may_hold_summaries([name], rows)

    def _unclear(self, role: str, names: Sequence[str]) -> DataError:
        shown = "; ".join(f"{name}: {self._sample(name)}" for name in names[: column_names.MAX_NAMED])
        listed = column_names.listed(names)
        is_summary = role == "summary"
        return DataError(
            f"Several columns could be the summary: {listed}."
            if is_summary
            else f"Several columns could be the conversation: {listed}.",
            f"Choose one. {shown}",
            f"data.{role}",
            choices=tuple(names),
        )

    def _sample(self, name: str) -> str:
        """Return the beginning of the first text in a column."""
        texts = (" ".join(cells.text_of(cell).split()) for cell in self._first.cells(name))
        text = next(filter(None, texts), "")
        return f"“{text[:MAX_SHOWN]}{'…' if len(text) > MAX_SHOWN else ''}”"


def _is_summary_in_part(name: str) -> bool:
    return not {*column_names.SUMMARY_NAMES}.isdisjoint(column_names.parts_of(column_names.plain(name)))


def _is_generated(name: str) -> bool:
    return not column_names.GENERATED.isdisjoint(column_names.parts_of(column_names.plain(name)))
