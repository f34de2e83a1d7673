"""The style sheet, made from the tokens.

In the text below, `@name` is a colour token, `<n>` a length of n pixels, scaled with the text size, and `<icon token>`
the path of an icon in a token's colour. Fonts are not set here. Containers are selected by property (`background`,
`kind`, `token`, `problem`, `read_only`), so that no rule leaks into their children.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from tempfile import TemporaryDirectory

from gui.look.tokens import Tokens

ICONS = Path(__file__).resolve().parents[2] / "resources" / "icons"

_BACKGROUNDS = """
QWidget[background="background"] { background: @background; }
QWidget[background="rail"] { background: @rail; }
QWidget[background="surface"] { background: @surface; }
QWidget[background="sunken"] { background: @sunken; }
QWidget[background="line"] { background: @line; }
QWidget[background="accent"] { background: @accent; }
QWidget[background="header"] { background: transparent; border-bottom: 1px solid @line; }
QDialog[background="palette"] { background: @surface; border: 1px solid @outline; }
QWidget[rimmed="true"] { border-left: 1px solid @edge; }
QFrame[background="card"] { background: @surface; border: 1px solid @line; border-radius: 8px; }
QFrame[background="notice"] { background: @sunken; border: none; border-radius: 8px; }
QFrame[background="notice"][foot="true"] { margin: 8px 24px 16px 24px; }
QFrame[background="well"] { background: @sunken; border: none; border-radius: 6px; }
QMainWindow, QDialog { background: @background; }
QSplitter::handle { background: @line; }
QSplitter::handle:hover { background: @outline; }
QToolTip { background: @text; color: @background; border: 1px solid @text; border-radius: 4px; padding: 4px 8px; }
"""

_LABELS = """
QLabel { background: transparent; }
QLabel[token="text"] { color: @text; }
QLabel[token="muted"] { color: @muted; }
QLabel[token="hint"] { color: @hint; }
QLabel[token="off"] { color: @off; }
QLabel[token="accent"] { color: @accent; }
QLabel[token="warning"] { color: @warning; }
QLabel[token="error"] { color: @error; }
QLabel[token="grey"] { color: @grey; }
QLabel:disabled { color: @off; }
QLabel[kind="part"] { border: 1px solid @grey_soft; border-radius: 3px; }
QLabel[kind="part"][trained="true"] { background: @accent_fill; border-color: @accent_fill; color: @on_accent; }
QLabel[kind="step"] { background: @surface; color: @muted; border: 1px solid @outline; border-radius: <14>; }
QLabel[kind="step"][state="open"] { border-color: @accent; color: @accent; }
QLabel[kind="step"][state="done"] { background: @accent_fill; border-color: @accent_fill; color: @on_accent; }
QLabel[kind="tag"] { background: @hover; color: @muted; border-radius: 4px; padding: 1px 6px; }
"""

_BUTTONS = """
QPushButton { min-height: <30>; padding: 0 12px; border: 1px solid @edge; border-radius: 6px;
  background: @surface; color: @text; }
QPushButton:hover { background: @hover; }
QPushButton:pressed { background: @pressed; }
QPushButton[rim="true"]:focus { border: 2px solid @accent; padding: 0 11px; min-height: <28>; }
QPushButton:disabled { background: transparent; border: 1px solid @line; color: @off; }
QPushButton[short="true"] { min-height: <26>; }
QPushButton[short="true"][rim="true"]:focus { min-height: <24>; }
QPushButton::menu-indicator { image: none; width: 0; }
QPushButton[kind="primary"] { background: @accent_fill; color: @on_accent; border: 1px solid @accent_fill;
  padding: 0 16px; }
QPushButton[kind="primary"]:hover { background: @accent_hover; border-color: @accent_hover; }
QPushButton[kind="primary"]:pressed { background: @accent_pressed; border-color: @accent_pressed; }
QPushButton[kind="primary"][rim="true"]:focus { border: 2px solid @text; padding: 0 15px; }
QPushButton[kind="primary"]:disabled { background: transparent; border: 1px solid @line; color: @off; }
QPushButton[kind="quiet"] { background: transparent; border: 1px solid transparent; color: @muted; }
QPushButton[kind="quiet"]:hover { background: @hover; color: @text; }
QPushButton[kind="quiet"]:pressed { background: @pressed; color: @text; }
QPushButton[kind="quiet"][rim="true"]:focus { border: 2px solid @accent; }
QPushButton[kind="quiet"]:disabled { color: @off; }
QPushButton[kind="link"] { background: transparent; border: 2px solid transparent; color: @accent; padding: 0 4px;
  min-height: <24>; border-radius: 4px; }
QPushButton[kind="link"]:hover { color: @accent_hover; text-decoration: underline; }
QPushButton[kind="link"]:pressed { color: @accent_pressed; }
QPushButton[kind="link"][rim="true"]:focus { border: 2px solid @accent; }
QPushButton[kind="link"]:disabled { color: @off; }
QToolButton { min-width: <26>; min-height: <26>; padding: 0; border: 1px solid transparent; border-radius: 6px;
  background: transparent; color: @muted; }
QToolButton:hover { background: @hover; }
QToolButton:pressed, QToolButton:checked { background: @pressed; }
QToolButton[rim="true"]:focus { border: 2px solid @accent; min-width: <24>; min-height: <24>; }
QToolButton:disabled { color: @off; background: transparent; }
QToolButton::menu-indicator { image: none; width: 0; }
QWidget[kind="segments"] { background: @hover; border: none; border-radius: 6px; }
QWidget[kind="segments"] > QPushButton { min-height: <24>; padding: 0 10px; border: 1px solid transparent;
  border-radius: 4px; background: transparent; color: @muted; }
QWidget[kind="segments"][short="true"] > QPushButton { min-height: <20>; }
QWidget[kind="segments"] > QPushButton:hover { background: transparent; color: @text; }
QWidget[kind="segments"] > QPushButton:checked { background: @raised; color: @text; }
QWidget[kind="segments"] > QPushButton:disabled { background: transparent; border-color: transparent; color: @off; }
QWidget[kind="segments"] > QPushButton[rim="true"]:focus { border: 1px solid @accent; padding: 0 10px;
  min-height: <24>; }
QWidget[kind="segments"][short="true"] > QPushButton[rim="true"]:focus { min-height: <20>; }
QPushButton[kind="rail"] { background: transparent; border: none; min-height: <28>; padding: 0; }
QPushButton[kind="rail"]:hover { background: @hover; }
QPushButton[kind="rail"]:checked { background: @raised; }
QPushButton[kind="rail"][rim="true"]:focus { border: 2px solid @accent; }
QPushButton[kind="plan"] { background: @surface; border: 1px solid @edge; }
QPushButton[kind="plan"]:hover { background: @hover; }
QPushButton[kind="plan"]:checked { background: @accent_soft; border: 2px solid @accent; }
QPushButton[kind="plan"][rim="true"]:focus { border: 2px solid @accent; }
QPushButton[kind="plan"][rim="true"]:checked:focus { border: 2px solid @text; }
QToolButton[kind="chip"] { padding: 0 9px; border: 1px solid @edge; color: @muted; }
QToolButton[kind="chip"]:checked { background: @accent_soft; border-color: @accent; color: @accent; }
QToolButton[kind="chip"][read_only="true"] { background: transparent; border-color: @edge; color: @muted; }
QToolButton[kind="chip"][read_only="true"]:checked { background: @grey_soft; border-color: @grey_soft; color: @text; }
QToolButton[kind="chip"]:disabled { background: transparent; border-color: @line; color: @off; }
QToolButton[kind="chip"][rim="true"]:focus { padding: 0 8px; border: 2px solid @accent; }
"""

_FIELDS = """
QLineEdit, QComboBox, QAbstractSpinBox, QPlainTextEdit, QTextEdit { background: @surface; color: @text;
  border: 1px solid @outline; border-radius: 6px; selection-background-color: @accent_soft; selection-color: @text; }
QLineEdit, QComboBox, QAbstractSpinBox { min-height: <30>; max-height: <30>; padding: 0 9px; }
QLineEdit { padding: 0 7px; }
QLineEdit:focus, QComboBox:focus, QComboBox:on, QAbstractSpinBox:focus { border: 2px solid @accent; padding: 0 8px;
  min-height: <28>; max-height: <28>; }
QLineEdit:focus { padding: 0 6px; }
QPlainTextEdit, QTextEdit { padding: 6px 8px; }
QPlainTextEdit:focus, QTextEdit:focus { border: 2px solid @accent; padding: 5px 7px; }
QTextEdit[kind="text"], QTextEdit[kind="text"]:focus { background: transparent; border: none; border-radius: 0;
  padding: 0; selection-background-color: @accent_fill; selection-color: @on_accent; }
QLineEdit:disabled, QComboBox:disabled, QAbstractSpinBox:disabled, QPlainTextEdit:disabled { color: @off;
  border: 1px solid @line; background: transparent; }
QLineEdit[read_only="true"], QComboBox[read_only="true"], QAbstractSpinBox[read_only="true"],
QPlainTextEdit[read_only="true"], QTextEdit[read_only="true"] {
  background: @sunken; color: @text; border: 1px solid @sunken; }
QLineEdit[read_only="true"]:focus, QComboBox[read_only="true"]:focus, QAbstractSpinBox[read_only="true"]:focus {
  border: 2px solid @accent; }
QLineEdit[problem="true"], QComboBox[problem="true"], QAbstractSpinBox[problem="true"],
QPlainTextEdit[problem="true"], QTextEdit[problem="true"] { border: 2px solid @error; }
QComboBox[problem="true"], QAbstractSpinBox[problem="true"] { padding-left: 8px; min-height: <28>; max-height: <28>; }
QLineEdit[problem="true"] { padding: 0 6px; min-height: <28>; max-height: <28>; }
QAbstractSpinBox QLineEdit, QAbstractSpinBox QLineEdit:focus, QComboBox QLineEdit, QComboBox QLineEdit:focus {
  border: none; background: transparent; min-height: 0; max-height: 999px; padding: 0; margin: 0; }
QAbstractSpinBox[arrows="true"] { padding-right: <22>; }
QAbstractSpinBox::up-button { subcontrol-origin: border; subcontrol-position: top right; width: <22>;
  height: <15>; border: none; background: transparent; }
QAbstractSpinBox::down-button { subcontrol-origin: border; subcontrol-position: bottom right; width: <22>;
  height: <15>; border: none; background: transparent; }
QAbstractSpinBox::up-arrow { image: url(<chevron-up muted>); width: <11>; height: <11>; }
QAbstractSpinBox::down-arrow { image: url(<chevron-down muted>); width: <11>; height: <11>; }
QAbstractSpinBox::up-arrow:disabled { image: url(<chevron-up off>); }
QAbstractSpinBox::down-arrow:disabled { image: url(<chevron-down off>); }
QAbstractSpinBox[arrows="false"]::up-button, QAbstractSpinBox[arrows="false"]::down-button { width: 0; }
QAbstractSpinBox[arrows="false"]::up-arrow, QAbstractSpinBox[arrows="false"]::down-arrow { image: none; }
QComboBox { padding-right: <26>; }
QComboBox:focus, QComboBox:on { padding-right: <25>; }
QComboBox::drop-down { border: none; width: <26>; background: transparent; }
QComboBox::down-arrow { image: url(<chevron-down muted>); width: <16>; height: <16>; }
QComboBox::down-arrow:disabled { image: url(<chevron-down off>); }
QComboBox[read_only="true"]::down-arrow { image: none; }
QComboBox QAbstractItemView { background: @surface; color: @text; border: 1px solid @edge; border-radius: 0;
  padding: 4px; outline: none; selection-background-color: @accent_soft; selection-color: @text; }
QComboBox QAbstractItemView::item { min-height: <28>; padding: 0 6px; border-radius: 4px; border: none; }
QComboBox QAbstractItemView::item:disabled { color: @muted; background: transparent; }
QComboBox QAbstractItemView::item:hover { background: @hover; }
QComboBox QAbstractItemView::item:selected { background: @accent_soft; color: @text; }
QLineEdit > QToolButton { min-width: 0; min-height: 0; border: none; background: transparent; }
QSlider::groove:horizontal { height: 4px; border-radius: 2px; background: @grey_soft; }
QSlider::sub-page:horizontal { border-radius: 2px; background: @accent; }
QSlider::handle:horizontal { width: 12px; height: 10px; margin: -5px 0; border: 2px solid @accent; border-radius: 7px;
  background: @surface; }
QSlider::handle:horizontal:focus { background: @accent_soft; }
QSlider[read_only="true"]::sub-page:horizontal { background: @grey; }
QSlider[read_only="true"]::handle:horizontal { border-color: @grey; }
QSlider::sub-page:horizontal:disabled { background: @off; }
QSlider::handle:horizontal:disabled { border-color: @off; }
QCheckBox, QRadioButton { background: transparent; color: @text; min-height: <28>; }
QCheckBox:disabled, QRadioButton:disabled { color: @off; }
"""

_VIEWS = """
QScrollArea, QScrollArea > QWidget#qt_scrollarea_viewport { background: transparent; border: none; }
QAbstractItemView { background: transparent; border: none; outline: none; color: @text;
  selection-background-color: @accent_soft; selection-color: @text; }
QTableView { gridline-color: @line; }
QHeaderView, QHeaderView::section { background: transparent; color: @muted; border: none; }
QHeaderView::section { border-bottom: 1px solid @edge; padding: 0 12px; min-height: <32>; }
QTableCornerButton::section { background: transparent; border: none; }
QScrollBar:vertical { background: transparent; width: 10px; margin: 0; border: none; }
QScrollBar:horizontal { background: transparent; height: 10px; margin: 0; border: none; }
QScrollBar::handle:vertical { background: @grey_soft; border-radius: 3px; margin: 2px; min-height: 32px; }
QScrollBar::handle:horizontal { background: @grey_soft; border-radius: 3px; margin: 2px; min-width: 32px; }
QScrollBar::handle:hover { background: @grey; }
QScrollBar::handle:disabled { background: transparent; }
QAbstractScrollArea::corner { background: transparent; border: none; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; border: none; background: none; }
QScrollBar::add-page, QScrollBar::sub-page { background: none; }
QTabBar { background: transparent; border: none; }
QTabBar::tab { background: transparent; color: @muted; border: 2px solid transparent; min-height: <36>; padding: 0;
  margin: 0 10px; }
QTabBar::tab:hover { color: @text; }
QTabBar::tab:selected { color: @text; border-bottom-color: @accent; }
QTabBar[rim="true"]::tab:selected { border-color: @accent; border-radius: 4px; }
QMenu { background: @surface; color: @text; border: 1px solid @edge; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; border-radius: 4px; background: transparent; }
QMenu::item:selected { background: @hover; }
QMenu::item:disabled { color: @off; }
QMenu::separator { height: 1px; background: @line; margin: 4px 8px; }
QMenuBar { background: @rail; color: @muted; border-bottom: 1px solid @line; }
QMenuBar::item { padding: 6px 10px; background: transparent; }
QMenuBar::item:selected { background: @hover; color: @text; }
QProgressBar { background: @grey_soft; border: none; border-radius: 2px; max-height: 4px; min-height: 4px; }
QProgressBar::chunk { background: @accent; border-radius: 2px; }
QProgressBar[token="warning"]::chunk { background: @warning; }
"""


def style_sheet(table: Tokens, px: Callable[[float], int]) -> str:
    """Return the sheet for a table of tokens; `px` scales lengths with the text size."""
    text = _BACKGROUNDS + _LABELS + _BUTTONS + _FIELDS + _VIEWS
    text = re.sub(r"<(\d+)>", lambda found: f"{px(int(found[1]))}px", text)
    text = re.sub(r"<([\w-]+) (\w+)>", lambda found: _picture(found[1], str(getattr(table, found[2]))), text)
    return re.sub(r"@(\w+)", lambda found: str(getattr(table, found[1])), text)


@lru_cache(maxsize=64)
def _picture(name: str, color: str) -> str:
    """Return the path of an icon in a colour: a style sheet takes pictures from files alone."""
    file = Path(_folder().name) / f"{name}-{color.removeprefix('#')}.svg"
    file.write_text(
        (ICONS / f"{name}.svg").read_text(encoding="utf-8").replace("currentColor", color), "utf-8"
    )
    return file.as_posix()


@lru_cache(maxsize=1)
def _folder() -> TemporaryDirectory[str]:
    """Return the folder of this program's pictures; it is removed at the end."""
    return TemporaryDirectory(prefix="tunesmith-icons-")
