"""Names that are very long, of other writings, without a glyph, alike or like commands, on every page with names."""

import pytest
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QApplication

from engine.api import library, run_store
from gui.look.shown_texts import MENU_LETTERS
from gui.shell.rooms import VIEWS
from tests.helpers.homes import add_adapter, add_run, make_recipe
from tests.helpers.layout_problems import layout_problems
from tests.helpers.whole_window import close, make_window

NAMES = (
    "x" * 300, "a word " * 43, "🙂👩‍👩‍👧‍👦" * 40, "שלום עולם " * 20, "مرحبا بالعالم " * 20, "日本語の名前" * 40,
    "\ue000\U000f0000\U0001e900" * 40, "same", "same", "\u202eevil", "<b>bold</b> & {name}",
)  # fmt: skip
SHOWING = ("library", "playground", "arena", "labelling", "train")


@pytest.fixture
def window(styled, qtbot, home):
    for number, name in enumerate(NAMES):
        run_store.rename(add_run(make_recipe(name=f"run {number}")), name)
        adapter = add_adapter(f"a{number}", recipe=make_recipe(base="starter"))
        library.update(adapter, name=name)
    made = make_window(planned=True)
    made.resize(1024, 700)
    made.show()
    yield made
    close(made)


def settle() -> None:
    for _ in range(30):
        QApplication.processEvents()


@pytest.mark.slow("gui/")
def test_every_page_shows_strange_names_within_its_least_size_and_below(window, qtbot):
    assert sorted(entry.name for entry in library.scan()[0]) == sorted(
        " ".join(name.split()) for name in NAMES
    )
    faults = []
    for key in SHOWING:
        page = window.show_built(key)
        if key == "playground":
            menu = page.adapter_menu()
            texts = [action.text() for action in menu.actions()]
            assert len(texts) == len(NAMES)
            assert max(map(len, texts)) < 3 * MENU_LETTERS
            assert menu.sizeHint().width() < window.width()
            page.open(["a0", "a3"])
        elif key == "train":
            qtbot.waitUntil(lambda page=page: page.runs.table.rowCount() > len(NAMES))
            page.open_run(run_store.list_jobs()[0].id)
        settle()
        assert not window.grab().isNull()
        assert window.width() == 1024
        faults += [f"{key}: {fault}" for fault in layout_problems(page) if "&" not in fault]
    assert faults == []

    window.setMinimumSize(0, 0)
    for key in VIEWS:
        window.show_built(key)
        for size in (QSize(320, 200), QSize(1, 1), QSize(5000, 120)):
            window.resize(size)
            QApplication.processEvents()
            assert not window.grab().isNull()
