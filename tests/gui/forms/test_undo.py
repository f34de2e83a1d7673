import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from engine.api import recipe
from gui.command_index import of_page
from gui.dialogs.shortcuts_sheet import ShortcutsSheet
from gui.forms.recipe_form import RecipeForm
from gui.forms.undo import MAX_CHANGES, PAUSE_SECONDS, FormUndo
from gui.pages.arena.entries_form import EntriesForm
from gui.widgets.layouts import Scroll
from tests.helpers.train_stage import BASICS

CONTROL = Qt.KeyboardModifier.ControlModifier
BOTH = CONTROL | Qt.KeyboardModifier.ShiftModifier


class Steps:
    """A form of one text with the steps that it takes back: `undo` and `redo` return its state and the field shown."""

    def __init__(self, form: QWidget) -> None:
        self.now = 100.0
        self._state, self._shown = "", ""
        self._steps = FormUndo(form, "", self._restore, self._show, lambda: self.now)
        self.can_undo, self.can_redo = self._steps.can_undo, self._steps.can_redo

    def _restore(self, state: str) -> None:
        self._state = state
        # As in a form, whose fields tell of their changes.
        self._steps.add(state, "other")

    def _show(self, field: str) -> None:
        self._shown = field

    def add(self, state: str, field: str, *, typed: bool = False) -> None:
        self._state = state
        self._steps.add(state, field, typed=typed)

    def undo(self) -> tuple[str, str]:
        self._steps.undo()
        return self._state, self._shown

    def redo(self) -> tuple[str, str]:
        self._steps.redo()
        return self._state, self._shown


@pytest.fixture
def steps(qtbot):
    form = qtbot.add(QWidget())
    return Steps(form)


def test_typing_in_one_place_is_one_step_until_there_is_a_pause(steps):
    for state in ("1", "12", "123"):
        steps.add(state, "rank", typed=True)
        steps.now += PAUSE_SECONDS * 0.9
    steps.now += PAUSE_SECONDS
    steps.add("1234", "rank", typed=True)
    steps.add("other", "alpha", typed=True)
    assert [steps.undo()[0] for _ in range(3)] == ["1234", "123", ""]
    assert not steps.can_undo()


def test_choices_are_steps_of_their_own_and_what_changes_nothing_is_none(steps):
    steps.add("a", "method")
    steps.add("b", "method")
    assert steps.undo()[0] == "a"
    steps.add("1", "rank", typed=True)
    steps.add("2", "alpha", typed=True)
    steps.undo()
    steps.add("12", "rank", typed=True)
    assert steps.undo()[0] == "1"


def test_steps_are_bounded(steps):
    for number in range(MAX_CHANGES + 5):
        steps.add(str(number), "x")
    states = []
    while steps.can_undo():
        states.append(steps.undo()[0])
    assert len(states) == MAX_CHANGES
    assert states[-1] == "4"


@pytest.fixture
def window(qtbot):
    made, beside, scroll = QWidget(), QPushButton("beside"), Scroll()
    form = RecipeForm(QWidget())
    scroll.column.addWidget(form)
    column = QVBoxLayout(made)
    column.addWidget(beside)
    column.addWidget(scroll)
    form.set_recipe(recipe.from_tables(BASICS))
    form.set_level("advanced")
    made.resize(420, 500)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
    beside.setFocus()
    return made


@pytest.fixture
def form(window):
    return window.findChild(RecipeForm)


def focused(form):
    return form.window().focusWidget()


def undo(form):
    QTest.keyClick(focused(form), Qt.Key.Key_Z, CONTROL)


def redo(form):
    QTest.keyClick(focused(form), Qt.Key.Key_Z, BOTH)


def test_a_method_a_variant_and_a_value_are_undone_and_redone(form):
    first = form.tables()
    form.choose_method("adalora")
    form.choose_method("lora")
    form.choose_variant("dora")
    with_variant = form.tables()
    form.field("method.rank").control.widget.setValue(32)
    last = form.tables()
    edited = []
    form.edited.connect(lambda: edited.append(form.method_id()))

    undo(form)
    assert form.tables() == with_variant
    assert form.field("method.rank").control.read() == first["method"]["rank"]
    assert form.field("method.rank").around.isAncestorOf(focused(form))
    undo(form)
    assert form.tables()["method"] == first["method"]
    assert form.variant.key() == ""
    assert form.variant.isAncestorOf(focused(form))
    undo(form)
    assert form.method_id() == "adalora"
    undo(form)
    undo(form)
    assert form.tables() == first
    for _ in range(6):
        redo(form)
    assert form.tables() == last
    assert edited == ["lora", "lora", "adalora", "lora", "adalora", "lora", "lora", "lora"]


@pytest.mark.usefixtures("styled")
def test_the_field_that_comes_back_is_scrolled_to_and_shown_though_of_another_level(form):
    field = next(field for field in form._fields["evaluation"] if field.info.kind == "int")
    field.control.widget.setFocus()
    change(field)
    assert field.around.visibleRegion().isEmpty()
    undo(form)
    assert not field.around.visibleRegion().isEmpty()
    change(field)
    form.set_level("basic")
    assert not field.around.isVisible()
    undo(form)
    assert field.around.isVisible()
    form.set_level("basic")
    assert not field.around.isVisible()


def change(field):
    field.control.widget.setValue(field.control.read() + 1)


def test_a_text_fields_own_undo_comes_first(form):
    before = form.tables()
    name = form.field("data.prompt").control.widget.area
    assert isinstance(name, QPlainTextEdit)
    form.choose_method("adalora")
    name.setFocus()
    QTest.keyClicks(name, "abc")
    assert form.tables()["data"]["prompt"].startswith("abc")
    undo(form)
    assert form.tables()["data"] == before["data"]
    assert form.method_id() == "adalora"
    redo(form)
    assert form.tables()["data"]["prompt"].startswith("abc")
    undo(form)
    undo(form)
    assert form.tables() == before


@pytest.mark.parametrize("key", ["training.learning_rate", "data.source", "method.rank"])
def test_what_is_typed_is_undone_by_the_field_and_then_by_the_form(form, key):
    field = form.field(key)
    form.set_values("training", {"epochs": 7})
    state = form.tables()
    widget = field.control.widget
    widget = widget.focusProxy() or widget
    widget.setFocus()
    line = widget.lineEdit() if hasattr(widget, "lineEdit") else widget
    line.selectAll()
    QTest.keyClicks(widget, "7")
    if key == "data.source":
        QTest.keyClick(widget, Qt.Key.Key_Return)
    assert form.tables() != state
    for _ in range(4):
        if form.tables() != state:
            undo(form)
    assert form.tables() == state
    while line.isUndoAvailable():
        undo(form)
    undo(form)
    assert form.tables() != state


def test_another_recipe_begins_anew_and_a_settled_one_takes_nothing_back(form):
    form.choose_method("adalora")
    form.set_recipe(recipe.from_tables(BASICS))
    undo(form)
    assert form.method_id() == "lora"
    form.choose_method("adalora")
    form.set_read_only(True)
    undo(form)
    assert form.method_id() == "adalora"
    form.set_read_only(False)
    undo(form)
    assert form.method_id() == "lora"
    # What is brought back can be changed without changing the step.
    form.field("method.rank").control.widget.setValue(32)
    undo(form)
    assert form.tables()["method"]["rank"] == recipe.from_tables(BASICS).method.options.rank


def test_undo_is_offered_while_it_can_be_done_and_its_keys_are_told(form, qtbot):
    def offered():
        return {offer.title: offer for offer in of_page(form)}

    assert "Undo" not in offered()
    form.choose_method("adalora")
    offer = offered()["Undo"]
    assert offer.note == "Ctrl+Z"
    assert "Redo" not in offered()
    offer.do()
    assert form.method_id() == "lora"
    assert "Redo" in offered()
    sheet = qtbot.add(ShortcutsSheet("train"))
    assert {"form.undo", "form.redo"} <= {each.id for each in sheet.table.items()}


@pytest.fixture
def entries(qtbot):
    made = qtbot.add(EntriesForm())
    made.ask_for_arena(recipe.from_tables(BASICS))
    with qtbot.waitActive(made):
        made.show()
    return made


def test_a_new_arena_s_form_is_undone_step_by_step(entries):
    first = entries.values()
    entries.name.setFocus()
    entries.name.selectAll()
    QTest.keyClicks(entries.name, "Mine")
    entries.methods.chips["ia3"].click()
    chosen = entries.values()
    entries.entries.set_key("all")
    entries.entries.chosen.emit("all")
    assert not entries.methods.isVisible()

    entries.make_button.setFocus()
    undo(entries)
    assert entries.values() == chosen
    assert entries.entries.hasFocus()
    assert entries.methods.isVisible()
    undo(entries)
    assert entries.values() == chosen | {"methods": first["methods"]}
    assert entries.methods.isAncestorOf(focused(entries))
    undo(entries)
    assert entries.values() == first
    assert entries.name.hasFocus()
