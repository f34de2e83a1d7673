"""Nonsense in every field of the recipe's form: it is not taken, or said beside a field in words for people."""

from __future__ import annotations

import re

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QLineEdit, QPlainTextEdit, QWidget

from engine.api import METHODS, recipe
from gui.forms.form_layout import FormField, nearest
from gui.forms.recipe_form import RecipeForm
from gui.inputs.fields import Field
from gui.look import language
from gui.look.language import translate
from tests.helpers.train_stage import BASICS

NONSENSE = (
    "", "nonsense", "-7", "1e400", "9" * 20, "3.5", "= ;; =", "{conversation", "../\\*?.x", "Öl 🙂 שלום",
)  # fmt: skip
# What only a programmer reads: names of options, exceptions, values of Python.
RAW = re.compile(r"\w_\w|data\.\w|Error|Exception|Traceback|<class|\b(None|True|False|nan|inf)\b")
OTHERS = tuple(entry.id for entry in METHODS if entry.id != "lora")


@pytest.fixture
def form(qtbot, home):
    made = qtbot.add(RecipeForm(QWidget()))
    made.set_recipe(recipe.from_tables(BASICS))
    made.set_level("advanced")
    with qtbot.waitActive(made):
        made.show()
    return made


def inputs(around: QWidget) -> list[QWidget]:
    typed = [*around.findChildren(QLineEdit), *around.findChildren(QPlainTextEdit)]
    return [each for each in typed if each.isVisibleTo(around) and not each.isReadOnly()]


def enter(line: QWidget, text: str) -> None:
    """Replace the text of a field by the clipboard's, and leave it."""
    QGuiApplication.clipboard().setText(text)
    line.setFocus()
    line.selectAll()
    QTest.keyClick(line, Qt.Key.Key_Delete)
    QTest.keyClick(line, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(line, Qt.Key.Key_Tab)


def faults(form: RecipeForm, text: str) -> list[str]:
    """Return what is wrong with the form's answer to a text."""
    fields = {field.key: field for field in form._all_fields()}
    if form.recipe() is None and not form.problems():
        return ["no recipe and no reason"]
    found = []
    for problem in form.problems():
        field = fields.get(nearest(problem.field, fields))
        shown = field.around.problem() if field is not None and isinstance(field.around, Field) else ""
        if not shown:
            found.append(f"stands beside no field: {problem}")
            continue
        said = shown.replace(text, "") if text else shown
        if RAW.search(said):
            found.append(f"not for people: {shown}")
        if translate(field.info.help) in shown:
            found.append(f"a help text: {shown}")
        if language.spoken() != language.ENGLISH and translate(problem.message) == problem.message:
            found.append(f"not translated: {shown}")
        if not shown.endswith((".", "?")):
            found.append(f"no sentence: {shown}")
    return found


def entered_everywhere(form: RecipeForm, fields: list[FormField]) -> tuple[set[str], list[str]]:
    """Enter all texts in all fields, one at a time; return the fields that refused one, and the faults."""
    before, refused, found = form.tables(), set(), []
    for field in fields:
        for line in inputs(field.around):
            for text in NONSENSE:
                enter(line, text)
                found += [f"{field.key}, {text!r}: {fault}" for fault in faults(form, text)]
                if form.problems():
                    refused.add(field.key)
                if form.tables() != before:
                    form._go_back_to(before)
    return refused, found


# What is said beside a field is tried in tests/gui/forms at every run.
@pytest.mark.slow("engine/methods/", "engine/options", "gui/forms/", "gui/inputs/")
def test_nonsense_in_any_setting_of_a_method_is_said_beside_it(form):
    found, tried = [], set()
    for method_id in OTHERS:
        form.choose_method(method_id)
        fields = [field for field in form.method_fields if repr(field.info) not in tried]
        tried |= {repr(field.info) for field in fields}
        found += entered_everywhere(form, fields)[1]
    assert found == []


@pytest.mark.slow("engine/config/", "engine/options", "gui/forms/", "gui/inputs/")
@pytest.mark.usefixtures("german")
def test_nonsense_in_any_field_is_said_beside_it_also_in_german(form):
    refused, found = entered_everywhere(form, list(form._all_fields()))
    assert found == []
    assert {
        "data.columns", "data.conversation", "data.source", "training.device", "training.warmup",
    } <= refused  # fmt: skip
