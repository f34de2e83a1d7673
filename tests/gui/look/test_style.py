import gc
import re
import weakref

import pytest
import shiboken6
from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QAccessibilityHints, QPalette
from PySide6.QtWidgets import QApplication, QSpinBox, QStackedWidget, QWidget

from gui.graphics.bars import Bar
from gui.inputs.number_inputs import IntField, Slider
from gui.look import style
from gui.look.fonts import font, px
from gui.look.icons import icon, icon_size, names, pixmap
from gui.look.stylesheet import style_sheet
from gui.look.tokens import DARK, HIGH_DARK, HIGH_LIGHT, LIGHT
from gui.widgets.buttons import primary
from gui.widgets.labels import Label


def test_a_scheme_sets_tokens_palette_sheet_and_icons(styled, qtbot):
    label = qtbot.add(Label("text", "title", "hint"))
    label.ensurePolished()

    def shown():
        return label.palette().color(QPalette.ColorRole.WindowText).name().upper()

    assert shown() == LIGHT.hint
    with qtbot.waitSignal(style.signals.changed):
        style.apply(styled, "dark")
    assert style.tokens() is DARK
    assert styled.palette().color(QPalette.ColorRole.Window).name().upper() == DARK.background
    assert DARK.accent_fill in styled.styleSheet()
    assert shown() == DARK.hint
    label.set_token("error")
    assert label.font().pixelSize() == px(20)
    style.apply(styled, "system")
    assert style.scheme() == "system"
    assert style.tokens() in (LIGHT, DARK)
    style.apply(styled, "light")
    assert style.tokens() is LIGHT
    assert DARK.accent_fill not in styled.styleSheet()
    with pytest.raises(ValueError, match="sepia"):
        style.apply(styled, "sepia")


def test_what_is_hidden_is_restyled_when_it_is_shown(styled, qtbot):
    stack = qtbot.add(QStackedWidget())
    pages = [QWidget(), QWidget()]
    labels = [Label("text", "title", "hint", page) for page in pages]
    fields = [kind(parent=page) for page in pages for kind in (QSpinBox, IntField)]
    hidden = Label("text", "title", "hint", pages[1])
    for page in pages:
        stack.addWidget(page)
        stack.setCurrentWidget(page)
        stack.show()

    def shown(label):
        return label.palette().color(QPalette.ColorRole.WindowText).name().upper()

    hidden.hide()
    style.apply(styled, "dark")
    assert [shown(label) for label in (*labels, hidden)] == [LIGHT.hint, DARK.hint, LIGHT.hint]
    hidden.show()
    assert shown(hidden) == DARK.hint
    stack.setCurrentIndex(0)
    assert shown(labels[0]) == DARK.hint
    style.apply(styled, "light")
    assert [shown(label) for label in labels] == [LIGHT.hint, DARK.hint]
    style.apply(styled, "light", 1.5)
    assert [shown(label) for label in labels] == [LIGHT.hint, DARK.hint]
    stack.setCurrentIndex(1)
    assert [field.lineEdit().font().pixelSize() for field in fields] == [px(13)] * 4
    assert [shown(label) for label in labels] == [LIGHT.hint] * 2
    labels[0].set_token("error")
    assert shown(labels[0]) == LIGHT.error


def test_high_contrast_is_wanted_by_the_user_or_the_system(styled, monkeypatch):
    style.apply(styled, "light", contrast="high")
    assert style.tokens() is HIGH_LIGHT
    style.apply(styled, "dark", contrast="system")
    assert style.tokens() is DARK
    monkeypatch.setattr(
        QAccessibilityHints, "contrastPreference", lambda _hints: Qt.ContrastPreference.HighContrast
    )
    styled.styleHints().accessibility().contrastPreferenceChanged.emit(Qt.ContrastPreference.HighContrast)
    assert style.tokens() is HIGH_DARK
    with pytest.raises(ValueError, match="contrast must be one of"):
        style.apply(styled, contrast="low")


def test_text_size_scales_fonts_and_lengths(styled, qtbot):
    button = qtbot.add(primary("Start", "play"))
    button.ensurePolished()
    before = button.sizeHint().height()
    style.apply(styled, "light", 2.0)
    assert font("body").pixelSize() == 26
    assert button.sizeHint().height() >= 2 * before - 4


def test_numeric_roles_have_tabular_digits_and_weights_differ(styled):
    wide = {character: font_advance("figure", character) for character in "0123456789"}
    assert len(set(wide.values())) == 1
    assert font_advance("body", "1") != font_advance("body", "0")
    assert font_advance("body_semibold", "Sample summaries") != font_advance("body", "Sample summaries")


def font_advance(role, text):
    from gui.look.fonts import metrics

    return metrics(role).horizontalAdvance(text)


def test_a_widget_that_is_gone_is_neither_kept_nor_restyled(styled):
    parent, watched, kept = QWidget(), [], []
    for make in (Bar, Slider, Label, lambda: primary("Start", "play")):
        kept.append(make())
        kept[-1].setParent(parent)
        dropped = make()
        dropped.setParent(parent)
        watched.append(weakref.ref(dropped))
        del dropped
    parent.deleteLater()
    QApplication.sendPostedEvents(parent, QEvent.Type.DeferredDelete)
    gc.collect()
    assert [each() for each in watched] == [None] * 4
    assert not any(shiboken6.isValid(each) for each in kept)
    style.apply(styled, "dark")


@pytest.mark.parametrize("table", [LIGHT, DARK], ids=["light", "dark"])
def test_the_sheet_leaves_no_name_unwritten_and_sets_no_font(table):
    text = style_sheet(table, round)
    assert "@" not in text
    assert "font" not in text
    selectors = [each.strip() for each in re.findall(r"([^{}]+){", text)]
    assert [each for each in selectors if selectors.count(each) > 1] == []


IN_USE = {
    "data", "train", "arena", "library", "playground", "history", "settings", "help", "play", "pause", "stop", "search",
    "folder", "import", "export", "copy", "close", "more", "chevron-down", "chevron-up", "check", "warning", "problem",
    "arrow-up", "arrow-down", "equals", "pin", "lock", "trash", "undo", "plus", "thumb", "mark", "device", "clock",
}  # fmt: skip


def test_each_icon_loads_in_the_pixels_of_its_ratio_and_a_gap_widens_it(styled):
    assert set(names()) >= IN_USE
    for name in names():
        made = pixmap(name, "muted", 16, 2.0)
        assert made.size() == QSize(32, 32), name
        assert made.deviceIndependentSize().toSize() == QSize(16, 16)
    drawn = icon("stop", gap=4).pixmap(icon_size(gap=4), 1.0)
    assert drawn.deviceIndependentSize().toSize() == QSize(20, 16)
    with pytest.raises(FileNotFoundError):
        pixmap("no-such-icon")
