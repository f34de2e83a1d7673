"""Other data are read anew: nothing that was said of the former holds for them, and what can't be found is asked."""

import pytest

from engine.api import paths, recipe
from tests.helpers.story_window import click, type_into

SAID = {
    "conversation": "dialogue", "summary": "summary", "columns": {"split": "part"}, "encoding": "cp1252",
    "sheet": "Second", "summary_lists": "references", "unnamed_files": "train", "other_columns": "leave_out",
    "broken_rows": "leave_out", "every": 12, "max_train": 50,
}  # fmt: skip
AUTOMATIC = {
    "conversation": "auto", "summary": "auto", "columns": {}, "encoding": "auto", "sheet": "auto",
    "summary_lists": "auto", "unnamed_files": "ask", "other_columns": "ask", "broken_rows": "refuse",
    "every": 1, "max_train": 0,
}  # fmt: skip
OF_A_PERSON = {"mask": ("email",), "prompt": "Short:\n{conversation}\n"}


@pytest.fixture
def form(stage):
    tables = recipe.load(paths.presets_folder() / "starter.toml").as_tables()
    tables["data"] |= SAID | OF_A_PERSON
    tables["evaluation"]["language"] = "de"
    stage.page.edit(recipe.from_tables(tables))
    return stage.page.panel.form


@pytest.fixture
def file(tmp_path):
    """A table of conversations with names that nobody could guess."""
    made = tmp_path / "calls.csv"
    made.write_text("a,b\nTom: hi,Tom says hi.\n", encoding="utf-8")
    return str(made)


def _read_anew(form, **said):
    data = form.recipe().data
    assert {name: getattr(data, name) for name in AUTOMATIC} == AUTOMATIC | said
    assert {name: getattr(data, name) for name in OF_A_PERSON} == OF_A_PERSON
    assert form.recipe().evaluation.language == "auto"


def test_another_source_that_is_typed_is_read_anew_which_is_said_once_and_can_be_undone(form, file):
    before = form.tables()
    type_into(form.field("data.source").control.widget.lineEdit(), file)
    assert form.recipe().data.source == file
    _read_anew(form)
    assert form.field("data.conversation").control.read() == "auto"
    assert "Conversation column" in form.followed.text()
    assert form.followed.text().endswith("and 10 more.")
    click(form.followed.action_button())
    assert form.tables() == before


def test_what_the_data_page_says_holds_and_nothing_else(stage, form, file):
    stage.page.use_data({"source": file, "conversation": "a", "summary": "b", "columns": {}})
    _read_anew(form, conversation="a", summary="b")
    assert "Conversation column" not in form.followed.text()
    # A second look at the same file found that it is no longer in need of an encoding.
    stage.page.use_data({"source": file, "encoding": "cp1252"})
    stage.page.use_data({"source": file})
    _read_anew(form)
