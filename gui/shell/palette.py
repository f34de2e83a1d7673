"""The command palette: a search field and the matching entries below it; all by keyboard.

Knows entries by their texts; `gui.command_index` collects them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from PySide6.QtCore import (
    QEvent,
    QPoint,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import (
    QAccessible,
    QAccessibleEvent,
    QKeyEvent,
    QPainter,
    QShowEvent,
    QStandardItem,
    QStandardItemModel,
)
from PySide6.QtWidgets import (
    QDialog,
    QLineEdit,
    QListView,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QWidget,
)

from gui.inputs.fields import SearchField
from gui.look import icons, style
from gui.look.fonts import font, metrics, px
from gui.look.language import tr
from gui.look.shown_texts import ShownTexts
from gui.models.grouped_table import ITEM_ROLE, Index
from gui.widgets.labels import Label
from gui.widgets.layouts import Line, vbox

WIDTH, TOP = 640, 72
ROW_HEIGHT, MAX_ROWS = 36, 11
MAX_MATCHES = 60
# A match of keywords counts less than a match of the title, and one of scattered letters, below this share of the
# best, is none.
KEYWORDS_WEIGHT, LEAST_SHARE = 0.5, 0.45


@dataclass(frozen=True)
class PaletteEntry(ShownTexts):
    """One entry of the palette: a page to open or an action.

    `group` is its kind, `note` is shown at the right (a shortcut or a detail), `keywords` are searched as well.
    """

    title: str
    group: str
    do: Callable[[], object]
    note: str = ""
    icon: str = ""
    keywords: str = ""


def found_by(typed: str, offers: Iterable[PaletteEntry]) -> list[tuple[PaletteEntry, Match]]:
    """Return the best matching entries, best first; all entries in their order while nothing is typed."""
    fitting = [(offer, made) for offer in offers if (made := _fit(typed, offer)) is not None]
    if not typed.strip():
        return fitting
    fitting.sort(key=lambda pair: -pair[1].score)
    return [pair for pair in fitting[:MAX_MATCHES] if pair[1].score >= LEAST_SHARE * fitting[0][1].score]


def _fit(typed: str, offer: PaletteEntry) -> Match | None:
    if not typed.strip():
        return Match(0.0)
    by_title = fit(typed, offer.title)
    by_keywords = fit(typed, f"{offer.title} {offer.group} {offer.keywords}")
    if by_keywords is not None and (by_title is None or by_keywords.score * KEYWORDS_WEIGHT > by_title.score):
        inside = tuple(at for at in by_keywords.positions if at < len(offer.title))
        return Match(by_keywords.score * KEYWORDS_WEIGHT, inside)
    return by_title


def _item(found: tuple[PaletteEntry, Match]) -> QStandardItem:
    """Return the item of a match in the list."""
    offer = found[0]
    made = QStandardItem(offer.title)
    made.setData(found, ITEM_ROLE)
    made.setAccessibleText(", ".join(filter(None, (offer.title, offer.group, offer.note))))
    return made


class _RowDelegate(QStyledItemDelegate):
    """Draws an entry: icon, title with the matched letters, group and note."""

    def sizeHint(self, option: QStyleOptionViewItem, index: Index) -> QSize:
        return QSize(px(WIDTH), px(ROW_HEIGHT))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        offer, match = index.data(ITEM_ROLE)
        rect = QRectF(option.rect)
        is_current = bool(option.state & QStyle.StateFlag.State_Selected)
        mirrored = option.direction == Qt.LayoutDirection.RightToLeft
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if is_current:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(style.color("accent_soft"))
            painter.drawRoundedRect(rect, 6, 6)
            painter.setBrush(style.color("accent"))
            bar = QRectF(rect.left(), rect.center().y() - 8, 3, 16)
            if mirrored:
                bar.moveRight(rect.right())
            painter.drawRoundedRect(bar, 1.5, 1.5)
        square = QRectF(rect.left() + 12, rect.top(), px(16), rect.height())
        texts = rect.adjusted(24 + px(16), 0, -12, 0)
        if mirrored:
            square.moveRight(rect.right() - 12)
            texts = rect.adjusted(12, 0, -24 - px(16), 0)
        icons.paint(painter, square, offer.icon or "arrow-right", "accent" if is_current else "muted")
        right = offer.note or offer.group
        painter.setFont(font("figure_small"))
        painter.setPen(style.color("muted"))
        painter.drawText(texts, Qt.AlignmentFlag.AlignTrailing | Qt.AlignmentFlag.AlignVCenter, right)
        room = metrics("figure_small").horizontalAdvance(right) + 16
        texts = texts.adjusted(room, 0, 0, 0) if mirrored else texts.adjusted(0, 0, -room, 0)
        self._title(painter, texts, offer.title, match.positions, mirrored=mirrored)
        painter.restore()

    @staticmethod
    def _title(
        painter: QPainter, box: QRectF, title: str, positions: tuple[int, ...], *, mirrored: bool
    ) -> None:
        """Draw a title; matched letters are underlined, not only coloured."""
        painter.setFont(font("body_medium"))
        painter.setPen(style.color("text"))
        measured = painter.fontMetrics()
        shown = measured.elidedText(title, Qt.TextElideMode.ElideRight, int(box.width()))
        painter.drawText(box, Qt.AlignmentFlag.AlignLeading | Qt.AlignmentFlag.AlignVCenter, shown)
        if mirrored:
            return
        baseline = box.center().y() + measured.ascent() / 2 + 2
        for at in positions:
            if at < len(shown):
                left = box.left() + measured.horizontalAdvance(shown[:at])
                wide = measured.horizontalAdvance(shown[: at + 1]) - measured.horizontalAdvance(shown[:at])
                painter.fillRect(QRectF(left, baseline, wide, 2), style.color("accent"))


class _Query(SearchField):
    """The search field: `moved(rows)` for the keys that move through the list, which never has the focus."""

    moved = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Move with the arrows and the page keys; Esc closes the palette."""
        rows = {
            Qt.Key.Key_Down: 1,
            Qt.Key.Key_Up: -1,
            Qt.Key.Key_PageDown: MAX_ROWS - 1,
            Qt.Key.Key_PageUp: 1 - MAX_ROWS,
        }.get(Qt.Key(event.key()))
        if rows is not None:
            self.moved.emit(rows)
        elif event.key() == Qt.Key.Key_Escape:
            QLineEdit.keyPressEvent(self, event)
        else:
            super().keyPressEvent(event)


class Palette(QDialog):
    """Opens at the top of the window; Return runs the selected entry, Esc or a click outside closes it."""

    def __init__(self, offers: list[PaletteEntry], parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Dialog | Qt.WindowType.FramelessWindowHint)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        style.set_background(self, "palette")
        self.setWindowTitle(tr("Find"))
        self.offers, self._over = offers, parent
        self.query = _Query(tr("Find an action, setting, page, run or help topic"))
        self.query.setFrame(False)
        self._model = QStandardItemModel(self)
        self.view = QListView()
        self._nothing = Label(tr("No matches."), "body", "muted")
        self.view.setModel(self._model)
        self.view.setItemDelegate(_RowDelegate(self.view))
        self.view.setUniformItemSizes(True)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setAccessibleName(tr("Matches"))
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._nothing.setContentsMargins(12, 8, 12, 8)
        vbox(self.query, Line(), (self.view, 1), self._nothing, of=self, margins=9, spacing=8)
        self.query.textChanged.connect(self._show_found)
        self.query.returnPressed.connect(self.take)
        self.query.moved.connect(self._move)
        self.view.clicked.connect(self.take)
        self._show_found()
        self._stand_at_the_head()

    def add(self, offers: list[PaletteEntry]) -> None:
        """Add entries that were read later; the selection stays."""
        selected = self.current()
        self.offers += offers
        self._show_found()
        if selected is not None and selected in self._found():
            self._select(self._found().index(selected))

    def current(self) -> PaletteEntry | None:
        """Return the selected entry, None without matches."""
        found: tuple[PaletteEntry, Match] | None = self.view.currentIndex().data(ITEM_ROLE)
        return found[0] if found is not None else None

    def titles(self) -> list[str]:
        return [entry.title for entry in self._found()]

    def _found(self) -> list[PaletteEntry]:
        rows = range(self._model.rowCount())
        return [self._model.index(row, 0).data(ITEM_ROLE)[0] for row in rows]

    def take(self) -> None:
        """Close the palette and run the selected entry."""
        wanted = self.current()
        if wanted is not None:
            self.close()
            wanted.do()

    def _show_found(self) -> None:
        self._model.clear()
        for found in found_by(self.query.text(), self.offers):
            self._model.appendRow(_item(found))
        count = self._model.rowCount()
        self.view.setVisible(count > 0)
        self._nothing.setVisible(not count)
        self.view.setFixedHeight(px(ROW_HEIGHT) * max(1, min(count, MAX_ROWS)))
        self.adjustSize()
        if count:
            self._select(0)

    def _move(self, rows: int) -> None:
        count = self._model.rowCount()
        if count:
            at = self.view.currentIndex().row() + rows
            self._select(at % count if abs(rows) == 1 else min(count - 1, max(0, at)))

    def _select(self, row: int) -> None:
        """Select a row and report it to screen readers, although the field keeps the focus."""
        self.view.setCurrentIndex(self._model.index(row, 0))
        text = self._model.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole)
        self.query.setAccessibleDescription(text)
        QAccessible.updateAccessibility(QAccessibleEvent(self.query, QAccessible.Event.DescriptionChanged))

    def _stand_at_the_head(self) -> None:
        """Move to the top of the window, before it is shown: a window manager may not allow it later."""
        window = self._over.window()
        self.setFixedWidth(min(px(WIDTH), window.width() - 48))
        self.move(window.mapToGlobal(QPoint((window.width() - self.width()) // 2, TOP)))

    def showEvent(self, event: QShowEvent) -> None:
        """Focus the field."""
        super().showEvent(event)
        self.query.setFocus(Qt.FocusReason.PopupFocusReason)

    def changeEvent(self, event: QEvent) -> None:
        """Close when the window loses the focus."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.ActivationChange and self.isVisible() and not self.isActiveWindow():
            self.close()


TOGETHER, WORD_START, GAP, LENGTH = 5.0, 4.0, 0.1, 0.01


@dataclass(frozen=True)
class Match:
    """A match: its score (higher is better) and the positions of the matched letters."""

    score: float
    positions: tuple[int, ...] = ()


def fit(typed: str, text: str) -> Match | None:
    """Return the match of `text`; None if a letter is missing. Typed words may be in any order."""
    lowered = _lowered(text)
    score, positions = -LENGTH * len(text), set[int]()
    for word in _lowered(typed).split():
        found = _best(word, lowered)
        if found is None:
            return None
        score += found.score
        positions |= set(found.positions)
    return Match(score, tuple(sorted(positions)))


def _lowered(text: str) -> str:
    """Return a text in lower case, with every letter at its position."""
    return "".join(letter.lower()[:1] for letter in text)


def _best(word: str, text: str) -> Match | None:
    starts = (at for at, letter in enumerate(text) if letter == word[0])
    found = [made for start in starts if (made := _from(start, word, text)) is not None]
    return max(found, key=lambda made: made.score, default=None)


def _from(start: int, word: str, text: str) -> Match | None:
    """Return the match that begins at a position, each letter at its next occurrence."""
    positions = [start]
    for letter in word[1:]:
        at = text.find(letter, positions[-1] + 1)
        if at < 0:
            return None
        positions.append(at)
    score = 0.0
    for before, at in zip([-2, *positions], positions, strict=False):
        begins = at == 0 or not text[at - 1].isalnum()
        score += 1.0 + TOGETHER * (at == before + 1) + WORD_START * begins
    return Match(score - GAP * (positions[-1] - start), tuple(positions))
