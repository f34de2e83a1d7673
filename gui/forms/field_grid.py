"""Form fields in a grid of two columns, shown or hidden one by one."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLineEdit, QWidget

from engine.api import OptionInfo, Options, describe
from gui.forms.controls import Control, make_control
from gui.inputs.fields import Field, ReadOnlyControl
from gui.look.fonts import px
from gui.look.language import translate

LEVELS = ("essential", "more", "everything")
# Of a column in the narrowest form.
COLUMN_WIDTH = 142
# Kinds whose value changes as a whole, with one click.
AT_ONCE = ("bool", "choice", "texts")


@dataclass
class FormField:
    """One option on the form: its declaration, its control and the field around it."""

    table: str
    info: OptionInfo
    control: Control
    around: QWidget

    @property
    def key(self) -> str:
        """The dotted key, as in problems."""
        return f"{self.table}.{self.info.name}"

    @property
    def is_typed(self) -> bool:
        """Whether its value changes by typing or dragging."""
        return self.info.kind not in AT_ONCE or isinstance(self.control.widget, QLineEdit)

    def is_of(self, level: str) -> bool:
        return LEVELS.index(self.info.level) <= LEVELS.index(level)

    def set_problem(self, message: str = "", hint: str = "") -> None:
        """Show a problem beside the field; an empty message removes it."""
        if isinstance(self.around, Field):
            self.around.set_problem(translate(message), translate(hint))

    def set_read_only(self, read_only: bool) -> None:
        """Make the value read-only."""
        if isinstance(self.around, Field):
            self.around.set_read_only(read_only)
        elif isinstance(self.control.widget, ReadOnlyControl):
            self.control.widget.set_read_only(read_only)
        else:
            self.control.widget.setEnabled(not read_only)


def make_field(table: str, info: OptionInfo) -> FormField:
    """Return the field of a declared option."""
    control = make_control(info)
    tooltip = "\n".join(translate(part) for part in (info.help, info.bounds_text) if part)
    around: QWidget = control.widget
    if control.labels_itself:
        around.setToolTip(tooltip)
        around.setAccessibleName(translate(info.title))
        around.setAccessibleDescription(translate(info.help))
    else:
        around = Field(translate(info.title), control.widget, tooltip=tooltip)
    return FormField(table, info, control, around)


def make_fields(table: str, declaration: type[Options]) -> list[FormField]:
    """Return the fields of all options of a declaration."""
    return [make_field(table, info) for info in describe(declaration)]


def nearest(key: str, fields: Collection[str]) -> str:
    """Return the field that shows the problem of a dotted key: its own, or that of the table it is in."""
    while key not in fields and "." in key:
        key = key.rpartition(".")[0]
    return key


def _fits_column(field: FormField) -> bool:
    """Return whether a field is narrow; what a checkbox says may be longer than a column in some language."""
    return field.control.narrow and field.around.minimumSizeHint().width() <= px(COLUMN_WIDTH)


class FieldGrid(QWidget):
    """Lays fields out: wide ones across both columns, narrow ones two in a row."""

    def __init__(self, fields: Sequence[FormField], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields = list(fields)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(16)
        self._grid.setVerticalSpacing(12)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        for field in self._fields:
            field.around.setParent(self)
            field.around.hide()

    def show_where(self, wanted: Callable[[FormField], bool]) -> None:
        """Show the wanted fields; an empty grid takes no space."""
        shown = [field for field in self._fields if wanted(field)]
        for field in self._fields:
            # Not takeAt: the item that it leaves alive would keep later items of the widget from learning of new sizes.
            self._grid.removeWidget(field.around)
        row = column = 0
        for field in shown:
            span = 1 if _fits_column(field) else 2
            if span == 2 and column:
                row, column = row + 1, 0
            self._grid.addWidget(field.around, row, column, 1, span, Qt.AlignmentFlag.AlignTop)
            column += span
            if column > 1:
                row, column = row + 1, 0
        for field in self._fields:
            field.around.setVisible(field in shown)
        self.setVisible(bool(shown))
