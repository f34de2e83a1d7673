"""Pick a conversation: a bundled one, or a row of the checked data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QAbstractListModel, QModelIndex, QPersistentModelIndex, QSize, Qt, Signal
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QVBoxLayout,
    QWidget,
)

from engine.api import Example, escaping
from gui.inputs.combo_box import ComboBox
from gui.inputs.search_field import SearchField
from gui.look import style
from gui.look.fonts import font, px
from gui.look.format import number_text
from gui.look.language import tr
from gui.look.tooltips import plain_tooltip
from gui.pages.playground.columns.choices import source_title
from gui.pages.playground.history.history_entry import headline
from gui.widgets.buttons import quiet

Index = QModelIndex | QPersistentModelIndex
SUMMARY_ROLE = Qt.ItemDataRole.UserRole + 1


class _Conversations(QAbstractListModel):
    """The conversations that match the search."""

    def __init__(self) -> None:
        super().__init__()
        self.examples: list[Example] = []

    def show_examples(self, examples: Sequence[Example]) -> None:
        self.beginResetModel()
        self.examples = list(examples)
        self.endResetModel()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self.examples)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return headline(self.examples[index.row()].conversation)
        summary = self.examples[index.row()].summary
        if role == SUMMARY_ROLE:
            return escaping.in_one_line(summary)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tooltip(summary)
        return None


class _RowDelegate(QStyledItemDelegate):
    """Draws a row: the headline above the beginning of the reference summary."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(100, px(48))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        rect, state = option.rect, option.state
        chosen = bool(state & QStyle.StateFlag.State_Selected)
        if chosen or state & QStyle.StateFlag.State_MouseOver:
            painter.fillRect(rect, style.color("accent_soft") if chosen else style.color("hover", 0.6))
        if chosen:
            painter.fillRect(rect.left(), rect.top(), 3, rect.height(), style.color("accent"))
        painter.fillRect(rect.left(), rect.bottom(), rect.width(), 1, style.color("line"))
        box = rect.adjusted(12, 5, -8, -6)
        summary = str(index.data(SUMMARY_ROLE) or tr("no reference summary"))
        for text, role, token, side in (
            (str(index.data()), "body_medium", "ink", Qt.AlignmentFlag.AlignTop),
            (summary, "label", "ink2", Qt.AlignmentFlag.AlignBottom),
        ):
            painter.setFont(font(role))
            painter.setPen(style.color(token))
            shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, box.width())
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft | side, shown)


class Picker(QWidget):
    """A search field over a list; `picked(Example)` on a click or Return, `closed` on Back or Esc."""

    picked = Signal(object)
    closed = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._sources: dict[str, Sequence[Example]] = {}
        self._source = ComboBox()
        self._source.setAccessibleName(tr("Source of the conversations"))
        self.search = SearchField(tr("Search conversations"))
        self.search.searched.connect(self._filter)
        self._source.chosen.connect(lambda _key: self._filter(self.search.text()))
        self._model = _Conversations()
        self.list = QListView()
        self.list.setModel(self._model)
        self.list.setItemDelegate(_RowDelegate(self.list))
        self.list.setMouseTracking(True)
        self.list.setUniformItemSizes(True)
        self.list.setAccessibleName(tr("Conversations to pick from"))
        self.list.clicked.connect(self._pick)
        self.list.activated.connect(self._pick)
        back = quiet(tr("Back"), "arrow-left")
        back.set_short()
        back.clicked.connect(self.closed)
        head = QHBoxLayout()
        head.addWidget(back)
        head.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self._source)
        column.addWidget(self.search)
        column.addWidget(self.list, 1)

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
        self._model.show_examples(
            [one for one in examples if all(word in one.conversation.casefold() for word in wanted)]
        )

    def _pick(self, index: QModelIndex) -> None:
        self.picked.emit(self._model.examples[index.row()])
