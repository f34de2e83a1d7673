"""The places of a recipe's fields: base model and data, the method, the length of the training, the rest by section.

Knows fields and their levels, not their values.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QLineEdit, QVBoxLayout, QWidget

from engine.api import OptionInfo, Options, describe, method
from gui.forms.controls import Control, make_control
from gui.forms.recipe_tables import followers
from gui.forms.value_text import bounds_text
from gui.inputs.fields import Field, ReadOnlyControl
from gui.inputs.number_inputs import IntField
from gui.look import style
from gui.look.fonts import px
from gui.look.format import number_text
from gui.look.language import mark, tr, tr_count, translate
from gui.widgets.cards import NoticeStrip
from gui.widgets.labels import Label
from gui.widgets.layouts import discard, gridbox, hbox, vbox

LEVELS = ("basic", "advanced")
# Tables whose basic fields stand at the top.
LEADING = ("base_model", "data")
# Of a field that stands beside another one, and of one of the length.
LEADER_WIDTH, LENGTH_WIDTH = 260, 240
# The fields of the prompt's section, from any table.
PROMPT = ("data.shots", "data.prompt_format", "data.prompt")
# Beside the data, which they are asked for where they can't be found: all, where one is asked for.
COLUMNS = {"data.conversation", "data.summary"}
SECTIONS = {
    "base_model": mark("Base model"),
    "data": mark("Data"),
    "prompt": mark("Prompt"),
    "training": mark("Training"),
    "evaluation": mark("Scoring"),
}
LENGTH = ("training.epochs", "training.max_steps", "training.max_minutes")


class FormLayout(QVBoxLayout):
    """Lays out a form; `heads` are above the method's fields, `effect` is below them, `preview` below the length."""

    def __init__(
        self,
        form: QWidget,
        fields: Mapping[str, list[FormField]],
        heads: Sequence[QWidget],
        effect: QWidget,
        preview: QWidget | None,
    ) -> None:
        super().__init__(form)
        self._form, self._fields = form, fields
        by_key = {field.key: field for table in fields.values() for field in table}
        self._grids: list[FieldGrid | Leaders | TrainingLength] = []
        self._method_grid: FieldGrid | None = None
        self._headings: list[tuple[QWidget, FieldGrid]] = []
        self._method_layout, self._prompt_layout = vbox(spacing=12), QVBoxLayout()
        self._prompt_grid = FieldGrid([by_key[key] for key in PROMPT])
        self.length = TrainingLength([by_key[key] for key in LENGTH], form)
        self.setContentsMargins(0, 0, 0, 0)
        self.setSpacing(12)
        self._nothing = Label(tr("No setting found."), "body", "muted")
        # A search leaves them out.
        self._around: list[QWidget] = []
        self.addWidget(self._nothing)
        leaders = [*self._leaders("data"), *self._leaders("base_model")]
        self._grids.append(Leaders(leaders, self._form))
        self.addWidget(self._grids[-1])
        self._add_grid([each for each in self._fields["data"] if each.key in COLUMNS])
        self._add_around(*heads)
        self.addLayout(self._method_layout)
        self._add_around(effect)
        self._grids.append(self.length)
        self.addWidget(self.length)
        if preview is not None:
            self._add_around(preview)
        for section, title in SECTIONS.items():
            heading = Label(tr(title), "section", "text")
            heading.setContentsMargins(0, 12, 0, 0)
            self.addWidget(heading)
            self._headings.append((heading, self._add_section(section)))
        self.addStretch(1)

    def _leaders(self, table: str) -> list[FormField]:
        return [each for each in self._fields[table] if each.info.level == LEVELS[0]]

    def _add_around(self, *parts: QWidget) -> None:
        """Add widgets that are no settings of the form's grids, or several settings."""
        box = QWidget(self._form)
        vbox(*parts, of=box, spacing=12)
        self._around.append(box)
        self.addWidget(box)

    def _add_section(self, section: str) -> FieldGrid:
        if section == "prompt":
            self.addLayout(self._prompt_layout)
            self._grids.append(self._prompt_grid)
            return self._prompt_grid
        elsewhere = {*LENGTH, *PROMPT, *COLUMNS}
        if section in LEADING:
            elsewhere |= {field.key for field in self._leaders(section)}
        return self._add_grid([each for each in self._fields[section] if each.key not in elsewhere])

    def _add_grid(self, fields: list[FormField]) -> FieldGrid:
        grid = FieldGrid(fields, self._form)
        self.addWidget(grid)
        self._grids.append(grid)
        return grid

    def take_method(self, fields: Sequence[FormField]) -> None:
        if self._method_grid is not None:
            discard(self._method_grid)
        self._method_grid = FieldGrid(fields, self._form)
        self._method_layout.addWidget(self._method_grid)

    def show_where(self, wanted: Callable[[FormField], bool], *, is_prompt: bool, is_search: bool) -> None:
        """Show the wanted fields. A method that is a prompt alone has no options: the prompt takes their place."""
        (self._method_layout if is_prompt else self._prompt_layout).addWidget(self._prompt_grid)
        grids = [*self._grids, *([self._method_grid] if self._method_grid is not None else [])]
        for grid in grids:
            grid.show_where(wanted)
        for heading, grid in self._headings:
            apart = grid is not self._prompt_grid or not is_prompt
            heading.setVisible(apart and grid.isVisibleTo(self._form))
        for box in self._around:
            box.setHidden(is_search)
        self._nothing.setVisible(is_search and not any(grid.isVisibleTo(self._form) for grid in grids))


class Leaders(QWidget):
    """Base model and data, side by side where there is room."""

    def __init__(self, fields: Sequence[FormField], parent: QWidget) -> None:
        super().__init__(parent)
        self._fields = fields
        self._row = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(16)
        for field in fields:
            self._row.addWidget(field.around, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        is_wide = self.width() >= px(2 * LEADER_WIDTH)
        direction = QBoxLayout.Direction.LeftToRight if is_wide else QBoxLayout.Direction.TopToBottom
        self._row.setDirection(direction)

    def show_where(self, wanted: Callable[[FormField], bool]) -> None:
        """Show the wanted fields; without any the row takes no space."""
        shown = [wanted(field) for field in self._fields]
        for field, seen in zip(self._fields, shown, strict=True):
            field.around.setVisible(seen)
        self.setVisible(any(shown))


class TrainingLength(QWidget):
    """The fields of `LENGTH` side by side: a run ends with the first of them."""

    def __init__(self, fields: Sequence[FormField], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._fields = tuple(fields)
        self._title = Label("", "label", "muted", self)
        self._foot = Label("", "label", "hint", self, wrap=True)
        parts = [(field.around, 10, Qt.AlignmentFlag.AlignTop) for field in self._fields]
        row = hbox(*parts, 1, spacing=8)
        for field in self._fields:
            style.scale(field.around, QWidget.setMaximumWidth, LENGTH_WIDTH)
            if isinstance(field.control.widget, IntField):
                # Three in a row have room for a number, or for "automatic", alone.
                field.control.widget.without_arrows()
        vbox(self._title, row, self._foot, of=self, spacing=4)

    def show_where(self, wanted: Callable[[FormField], bool]) -> None:
        """Show the wanted fields; without any the row takes no space."""
        shown = [wanted(field) for field in self._fields]
        for field, seen in zip(self._fields, shown, strict=True):
            field.around.setVisible(seen)
        self._title.setText(tr("Stop after (whichever comes first)") if sum(shown) > 1 else tr("Length"))
        self.setVisible(any(shown))

    def show_plan(self, plan: Mapping[str, Any], training: Mapping[str, Any]) -> None:
        self._foot.setText(length_text(plan, training))


def length_text(plan: Mapping[str, Any], training: Mapping[str, Any]) -> str:
    """Return how many conversations a run sees, and how often each; "" while that is unknown."""
    steps, examples = int(plan.get("steps") or 0), int((plan.get("examples") or {}).get("train") or 0)
    if not steps or not examples:
        return ""
    batch = int(training.get("batch_size") or 1)
    an_epoch = -(-examples // batch)
    # The last batch of an epoch holds what is left.
    whole, rest = divmod(steps, an_epoch)
    seen = whole * examples + min(rest * batch, examples)
    times = number_text(steps / an_epoch, 1 if rest else 0)
    return tr_count(
        seen, "{n} conversation, seen {times} ×.", "{n} conversations, each seen {times} ×.", times=times
    )


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
        return f"{self.table}.{self.info.name}"

    @property
    def is_typed(self) -> bool:
        return self.info.kind not in AT_ONCE or isinstance(self.control.widget, QLineEdit)

    def is_of(self, level: str) -> bool:
        return LEVELS.index(self.info.level) <= LEVELS.index(level)

    def is_found(self, text: str) -> bool:
        """Return whether each word of a search, in lower case, is in the title, the help or the name."""
        said = f"{translate(self.info.title)} {translate(self.info.help)} {self.info.name}".casefold()
        return all(word in said for word in text.split())

    def set_problem(self, message: str = "", hint: str = "") -> None:
        """Show a problem beside the field; an empty message removes it."""
        if isinstance(self.around, Field):
            self.around.set_problem(translate(message), translate(hint))

    def set_read_only(self, read_only: bool) -> None:
        if isinstance(self.around, Field):
            self.around.set_read_only(read_only)
        elif isinstance(self.control.widget, ReadOnlyControl):
            self.control.widget.set_read_only(read_only)
        else:
            self.control.widget.setEnabled(not read_only)


def make_field(table: str, info: OptionInfo) -> FormField:
    """Return the field of a declared option."""
    control = make_control(info)
    tooltip = "\n".join(filter(None, (translate(info.help), bounds_text(info))))
    around: QWidget = control.widget
    if control.labels_itself:
        around.setToolTip(tooltip)
        around.setAccessibleName(translate(info.title))
        around.setAccessibleDescription(translate(info.help))
    else:
        around = Field(translate(info.title), control.widget, tooltip=tooltip)
    return FormField(table, info, control, around)


def make_fields(table: str, declaration: type[Options]) -> list[FormField]:
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
        self._grid = gridbox(self, across=16, down=12, stretch=[0, 1])
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


# So many settings are named, the essential ones first.
MAX_NAMED = 5

Tables = Mapping[str, Any]


class FollowedNotice(NoticeStrip):
    """A strip with *Undo*: back to the tables `before` another value of the table `leader`."""

    def __init__(self) -> None:
        super().__init__()
        self.before: dict[str, Any] = {}
        self.leader = ""

    def show_changes(
        self, leader: str, given: Mapping[str, Any], before: dict[str, Any], now: Tables
    ) -> None:
        """Name what changed with a table's base model or data, but not what came with it."""
        changed = [
            info for table, info in _changed(leader, before, now) if table != leader or info.name not in given
        ]
        titles = [
            translate(info.title) for info in sorted(changed, key=lambda info: LEVELS.index(info.level))
        ]
        if leader == "base_model" and before["method"]["id"] != now["method"]["id"]:
            titles = [tr("Method"), *titles]
        self.before, self.leader = before, leader
        if not titles:
            self.hide()
            return
        named, more = ", ".join(titles[:MAX_NAMED]), len(titles) - MAX_NAMED
        if more > 0:
            named = tr_count(more, "{settings} and {n} more", "{settings} and {n} more", settings=named)
        text = (
            tr("Changed with the base model: {settings}.", settings=named)
            if leader == "base_model"
            else tr("Changed with the data: {settings}.", settings=named)
        )
        self.show_notice(text, tr("Undo"), "info", "muted")


def _changed(leader: str, before: Tables, now: Tables) -> Iterator[tuple[str, OptionInfo]]:
    """Yield table and option of each setting that is another one; those of another method are all new."""
    options = sorted(followers(leader), key=lambda pair: pair[0] != "training")
    if leader == "base_model" and before["method"]["id"] == now["method"]["id"]:
        options = [*(("method", info) for info in describe(method(now["method"]["id"]).options)), *options]
    for table, info in options:
        if _plain(before[table].get(info.name)) != _plain(now[table].get(info.name)):
            yield table, info


def _plain(value: Any) -> Any:
    """Return a tuple of an option as the list of a recipe's file, other values unchanged."""
    return list(value) if isinstance(value, tuple) else value
