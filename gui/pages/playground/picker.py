"""Where conversations come from: a bundled one or a row of the checked data, picked from a list, or a text file."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path

from PySide6.QtCore import QModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from engine.api import DataError, Example, FileKind, StorageError, encodings, escaping, foreign_files, paths
from gui.inputs.combo_box import ComboBox
from gui.inputs.fields import SearchField
from gui.look.fonts import px
from gui.look.format import number_text
from gui.look.language import mark, tr, translate
from gui.look.shown_texts import plain_tooltip
from gui.models.grouped_table import ITEM_ROLE, Index, RowModel
from gui.pages.playground.choices import source_title
from gui.pages.playground.history import headline
from gui.tables.cell_delegate import draw_background, draw_text
from gui.widgets.buttons import quiet
from gui.widgets.layouts import hbox, vbox

MAX_BYTES = 500_000
ROWS = mark("Data sets (*.jsonl);;All files (*)")
KINDS = mark("Text and transcripts (*.txt *.md *.log *.text *.vtt *.srt *.sbv *.json);;All files (*)")
FILE_NAME = "test.jsonl"
MAX_SAMPLES = 200


class _RowDelegate(QStyledItemDelegate):
    """Draws a row: the headline above the beginning of the reference summary."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, px(48))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        draw_background(painter, option, hovered=bool(option.state & QStyle.StateFlag.State_MouseOver))
        box, align = option.rect.adjusted(12, 5, -8, -6), Qt.AlignmentFlag
        summary = escaping.in_one_line(index.data(ITEM_ROLE).summary) or tr("no reference summary")
        draw_text(painter, box, str(index.data()), "body_medium", "text", vertical=align.AlignTop)
        draw_text(painter, box, summary, "label", "muted", vertical=align.AlignBottom)


class Picker(QWidget):
    """A search field over a list; `picked(Example)` on a click or Return."""

    picked = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._sources: dict[str, Sequence[Example]] = {}
        self._source = ComboBox()
        self._source.setAccessibleName(tr("Source of the conversations"))
        self.search = SearchField(tr("Search conversations"))
        self.search.searched.connect(self._filter)
        self._source.chosen.connect(lambda _key: self._filter(self.search.text()))
        self._model = RowModel(
            lambda example, _column: headline(example.conversation),
            tooltip=lambda example: plain_tooltip(example.summary),
        )
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(_RowDelegate(self.list))
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName(tr("Conversations to pick from"))
        self.list.clicked.connect(self._pick)
        self.list.activated.connect(self._pick)
        self.back = quiet(tr("Back"), "arrow-left")
        self.back.set_short()
        vbox(hbox(self.back, 1), self._source, self.search, (self.list, 1), of=self, spacing=8)

    def show_sources(self, sources: Mapping[str, Sequence[Example]]) -> None:
        """Offer conversations by the name of their source; select the first source."""
        self._sources = dict(sources)
        self._source.set_items(
            [(name, f"{source_title(name)} ({number_text(len(found))})") for name, found in sources.items()]
        )
        self._source.set_key(next(iter(sources), ""))
        self._source.setVisible(len(sources) > 1)
        self._filter(self.search.text())

    def _filter(self, text: str) -> None:
        examples = self._sources.get(self._source.key(), ())
        wanted = text.casefold().split()
        self._model.show_rows(
            [one for one in examples if all(word in one.conversation.casefold() for word in wanted)]
        )

    def _pick(self, index: QModelIndex) -> None:
        self.picked.emit(index.data(ITEM_ROLE))


def read_conversation(path: Path) -> str:
    """Return the text of a file in any encoding. Raises DataError if it is not text, missing or too large."""
    try:
        if path.stat().st_size > MAX_BYTES:
            hint = tr("Choose one conversation, or open the file in Data sets.")
            raise DataError(tr("{file} is larger than 500 kB.", file=path.name), hint)
        return encodings.decode(foreign_files.read_bytes(path, FileKind.CONVERSATION))
    except (OSError, ValueError) as error:
        why = translate((error.strerror if isinstance(error, OSError) else None) or str(error))
        message = tr("{file} can't be read: {why}.", file=path.name, why=why)
        raise DataError(message, tr("Choose a plain text file.")) from error


@lru_cache(maxsize=1)
def samples() -> tuple[Example, ...]:
    """Return the first bundled test conversations. Raises StorageError if the installation lacks them."""
    path = paths.sample_folder() / FILE_NAME
    try:
        with path.open(encoding="utf-8") as stream:
            return tuple(_example(line) for line in islice(stream, MAX_SAMPLES))
    except (OSError, ValueError, KeyError) as error:
        message = tr("The bundled conversations are missing.")
        raise StorageError(message, tr("Install Tunesmith again.")) from error


def _example(line: str) -> Example:
    row = json.loads(line)
    return Example(str(row["id"]), row["dialogue"], row["summary"])
