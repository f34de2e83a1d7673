"""One call styles the application, and every widget follows a change of scheme or text size."""

import gc
import weakref

import pytest
import shiboken6
from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QAccessibilityHints, QPalette
from PySide6.QtWidgets import QApplication, QLabel, QPushButton, QWidget

from gui.graphics.bars import Bar
from gui.inputs.number_inputs import Slider
from gui.look import style
from gui.look.fonts import font, px
from gui.look.stylesheet import style_sheet
from gui.look.tokens import DARK, HIGH_DARK, HIGH_LIGHT, LIGHT
from gui.widgets.buttons import primary
from gui.widgets.labels import Label


def test_a_scheme_sets_tokens_palette_and_sheet(styled):
    style.apply(styled, "dark")
    assert style.tokens() is DARK
    assert styled.palette().color(QPalette.ColorRole.Window).name().upper() == DARK.window
    assert DARK.accent_fill in styled.styleSheet()
    style.apply(styled, "light")
    assert style.tokens() is LIGHT
    assert DARK.accent_fill not in styled.styleSheet()


def test_an_unknown_scheme_is_refused(styled):
    with pytest.raises(ValueError, match="sepia"):
        style.apply(styled, "sepia")


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


def test_system_follows_the_platform_and_falls_back_to_light(styled):
    style.apply(styled, "system")
    assert style.scheme() == "system"
    assert style.tokens() in (LIGHT, DARK)


def test_a_label_changes_its_ink_with_the_scheme(styled, qtbot):
    label = Label("text", "body", "ink3")
    qtbot.addWidget(label)
    label.ensurePolished()
    assert label.palette().color(QPalette.ColorRole.WindowText).name().upper() == LIGHT.ink3
    style.apply(styled, "dark")
    assert label.palette().color(QPalette.ColorRole.WindowText).name().upper() == DARK.ink3


def test_a_label_keeps_its_font_when_its_ink_changes(styled, qtbot):
    label = Label("text", "title", "ink")
    qtbot.addWidget(label)
    label.ensurePolished()
    label.set_token("brick")
    assert label.font().pixelSize() == px(20)


def test_text_size_scales_fonts_and_lengths(styled, qtbot):
    button = primary("Start", "play")
    qtbot.addWidget(button)
    button.ensurePolished()
    before = button.sizeHint().height()
    style.apply(styled, "light", 2.0)
    assert font("body").pixelSize() == 26
    assert button.sizeHint().height() >= 2 * before - 4


def test_changed_is_told_once_for_each_switch(styled, qtbot):
    with qtbot.waitSignal(style.signals.changed, timeout=1000):
        style.apply(styled, "dark")


def test_numeric_roles_have_tabular_digits(styled):
    wide = {character: font_advance("figure", character) for character in "0123456789"}
    assert len(set(wide.values())) == 1
    assert font_advance("body", "1") != font_advance("body", "0")


def font_advance(role, text):
    from gui.look.fonts import metrics

    return metrics(role).horizontalAdvance(text)


def test_weights_differ_although_one_file_holds_them_all(styled):
    assert font_advance("body_semibold", "Sample summaries") != font_advance("body", "Sample summaries")


@pytest.mark.parametrize("make", [Bar, Slider, Label, lambda: primary("Start", "play")])
def test_a_widget_that_is_gone_is_neither_kept_nor_restyled(styled, make):
    parent = QWidget()
    kept, dropped = make(), make()
    kept.setParent(parent)
    dropped.setParent(parent)
    watched = weakref.ref(dropped)
    del dropped
    parent.deleteLater()
    QApplication.sendPostedEvents(parent, QEvent.Type.DeferredDelete)
    gc.collect()
    assert watched() is None
    assert not shiboken6.isValid(kept)
    style.apply(styled, "dark")


@pytest.mark.parametrize("table", [LIGHT, DARK], ids=["light", "dark"])
def test_the_sheet_leaves_no_name_unwritten_and_sets_no_font(table):
    text = style_sheet(table, round)
    assert "@" not in text
    assert "font" not in text


def test_stock_widgets_are_painted_without_a_warning(styled, qtbot):
    for made in (QLabel("a"), QPushButton("b")):
        qtbot.addWidget(made)
        assert not made.grab().isNull()
