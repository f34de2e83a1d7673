import re
from functools import cache

import pytest
from PySide6.QtCore import QLocale, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QComboBox,
    QGraphicsView,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

from engine.api import DATA_SUFFIXES, METHODS, licences, metrics, run_store
from engine.messages import counted
from gui.core import actions
from gui.dialogs.settings_dialog import SettingsDialog
from gui.forms.value_text import WORDS
from gui.look import language
from gui.look.language import tr, tr_count, translate
from gui.pages.help import topics
from gui.shell.page import Page
from gui.shell.rooms import VIEWS
from gui.widgets.text_view import TextView
from tests.helpers.declarations import SETTINGS
from tests.helpers.whole_window import close, fill_home, make_window

SETTLE_MILLISECONDS = 300
WORD = re.compile(r"[A-Za-z]{3,}")
# What others wrote or named: files, data, runs, packages, methods; keys, months, code.
NAMES = (
    r"\S*/\S+", r"\w+[_.]\w+", r'"\w+"', r"\[e?-?\w+\]", r"\{\w+\}", r"speaker, text, group, references",
    r"split, pause", r"Run \d", r"samsum(-\d)?", r"sample", r"starter", r"Ann and Bo have tea at five", r"Ann\b",
    r"They have tea at five", r"Tea", r"five", r"ROUGE\S*", r"chrF", r"JSON", r"UTF-\S+", r"b?float(16|32)", r"int8",
    r"Ctrl", r"Return", r"Mar(ch)?\b", r"Deutsch", r"English", r"\b(\d{8}-\d{6}-\S+|[0-9a-f]{8})\b", r"Tunesmith",
    r"Python", r"Linux\S*", r"\babc\b",
    *(re.escape(each.title) for method in METHODS for each in (method, *method.variants)),
    *(family for method in METHODS for family in method.families),
    *(re.escape(each.title) for each in metrics.METRICS.values()),
    *(rf"\b{re.escape(suffix.removeprefix('.'))}\b" for suffix in DATA_SUFFIXES),
)  # fmt: skip
# Values of settings are the same in every language, unless a form has a word for them.
VALUES = {
    value
    for _, info in SETTINGS
    for value in (*info.choices, *info.suggestions, info.default)
    if isinstance(value, str) and WORD.search(value) and value not in WORDS
}


@cache
def named():
    """Return the pattern of all names, those of packages too, which take time to read."""
    packages = (re.escape(each.name) for each in licences.packages())
    values = (rf"\b{re.escape(value)}(?!\w)" for value in VALUES)
    return re.compile("|".join(sorted((*NAMES, *packages, *values), key=len, reverse=True)))


@pytest.fixture(params=language.PSEUDO_LANGUAGES)
def pseudo(request, qapp, monkeypatch):
    monkeypatch.setenv("TUNESMITH_PSEUDO", "1")
    before = QLocale()
    language.speak(request.param)
    yield request.param
    language.speak("en")
    QLocale.setDefault(before)


def plain_english(text):
    return WORD.search(named().sub("", text))


def texts_of(page):
    """Yield every text of a page that a person or a screen reader meets, but for what people or models wrote."""
    for each in (page, *page.findChildren(QWidget)):
        if not each.isVisible():
            continue
        yield from (each.toolTip(), each.accessibleName(), each.accessibleDescription(), each.windowTitle())
        if isinstance(each, (QLabel, QAbstractButton)):
            yield each.text()
        elif isinstance(each, TextView):
            yield "" if each.turns() else each.text()
        elif isinstance(each, (QLineEdit, QPlainTextEdit, QTextEdit)):
            yield each.placeholderText()
        elif isinstance(each, QComboBox):
            yield from (each.itemText(at) for at in range(each.count()))
        elif isinstance(each, QGraphicsView):
            yield from (item.toPlainText() for item in each.items() if hasattr(item, "toPlainText"))
        elif isinstance(each, QAbstractItemView) and each.model() is not None:
            yield from cells_of(each.model())
    if isinstance(page, Page):
        yield from (each.text() for each in page.entries())


def cells_of(model):
    roles = (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
    for column in range(model.columnCount()):
        yield str(model.headerData(column, Qt.Orientation.Horizontal) or "")
        for row in range(model.rowCount()):
            yield from (str(model.index(row, column).data(role) or "") for role in roles)


@pytest.mark.slow("gui/", "resources/languages/")
def test_no_view_shows_plain_english(pseudo, qtbot, home):
    fill_home()
    window = make_window(planned=True)
    window.resize(1440, 900)
    window.show()
    found = []

    def look_at(name, page):
        QTest.qWait(SETTLE_MILLISECONDS)
        texts = {text for text in texts_of(page) if text}
        assert len(texts) > 3, name
        found.extend(f"{name}: {text}" for text in sorted(texts) if plain_english(text))

    try:
        for key in VIEWS:
            look_at(key, window.show_built(key))
        train = window.show_built("train")
        train.open_run(run_store.list_jobs()[0].id)
        look_at("a run", train)
        settings = SettingsDialog(window.preferences, window)
        settings.show()
        look_at("settings", settings)
    finally:
        close(window)
    assert found == []


def test_help_and_actions_say_nothing_in_plain_english(pseudo):
    said = [
        text
        for each in topics.topics()
        for text in (each.title, each.text, *(f"{a} {b}" for a, b in each.facts[:-1]))
    ]
    said += [tr(each.title) for each in actions.ACTIONS]
    assert [text for text in said if plain_english(text)] == []


def test_it_is_longer_and_keeps_values_and_keys(pseudo, qapp):
    assert tr("Settings") == "[Ŝéţţîñĝŝ ~~~]"
    assert tr("Conversation {id}, tie: {note}", id=4, note="so").startswith("[Ĉöñvéŕŝàţîöñ 4, ţîé: so ~~~")
    assert tr_count(2, "{n} adapter", "{n} adapters") == "[2 àďàpţéŕŝ ~~~ ~~~]"
    assert translate(counted(3, "conversation")) != "3 conversations"
    right = pseudo == language.PSEUDO_RIGHT
    assert qapp.layoutDirection() == (
        Qt.LayoutDirection.RightToLeft if right else Qt.LayoutDirection.LeftToRight
    )


def test_it_is_offered_to_developers_only(monkeypatch):
    monkeypatch.delenv("TUNESMITH_PSEUDO", raising=False)
    assert language.offered() == language.LANGUAGES
    language.speak(language.PSEUDO)
    assert language.spoken() == language.ENGLISH
