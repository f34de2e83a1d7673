"""Fonts by role: face, size, weight and digits. Knows no widget.

Inter comes from the package `fontpkg_inter`; if it can't be loaded, the system's font is used. Sizes are pixels at
96 dots per inch and scale with the user's text size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from PySide6.QtCore import QSysInfo
from PySide6.QtGui import QFont, QFontDatabase, QFontMetricsF, QGuiApplication

# Asked for once: lengths are scaled with every hint and metric of the style.
_PRODUCT = QSysInfo.productType()


@dataclass(frozen=True)
class Role:
    """A font role: size in pixels, weight, tabular digits, fixed width."""

    size: int
    weight: int = 400
    tabular: bool = False
    fixed: bool = False


ROLES = {
    "welcome": Role(28, 600),
    "title": Role(20, 600),
    "section": Role(15, 600),
    "reading": Role(14),
    "reading_medium": Role(14, 500),
    "body": Role(13),
    "body_medium": Role(13, 500),
    "body_semibold": Role(13, 600),
    "label": Role(12),
    "label_medium": Role(12, 500),
    "head": Role(12, 500),
    "small": Role(11),
    "small_medium": Role(11, 500),
    "figure": Role(13, 400, tabular=True),
    "figure_medium": Role(13, 500, tabular=True),
    "figure_small": Role(12, 400, tabular=True),
    "figure_large": Role(20, 600, tabular=True),
    "axis": Role(11, 400, tabular=True),
    "fixed": Role(12, fixed=True),
}

# Inter's optical sizes: one for text, one for headings and figures.
TEXT, DISPLAY = 14.0, 32.0

READING_PITCH = 22
BODY_PITCH = 20


class _State:
    text_scale: float = 1.0


def set_text_scale(scale: float) -> None:
    """Scale all fonts; 1.0 is the designed size, the range is 0.8 to 2.0."""
    _State.text_scale = min(2.0, max(0.8, scale))
    font.cache_clear()
    _system_scale.cache_clear()


def text_scale() -> float:
    """Return the scale of all fonts: the user's choice times the system's text size."""
    return _State.text_scale * _system_scale()


def px(size: float) -> int:
    """Return a length in pixels, scaled with the text size."""
    return round(size * text_scale())


@lru_cache(maxsize=64)
def font(role: str) -> QFont:
    """Return the font of a role, a key of `ROLES`."""
    wanted = ROLES[role]
    made = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont) if wanted.fixed else QFont(family())
    made.setPixelSize(px(wanted.size))
    made.setWeight(QFont.Weight(wanted.weight))
    if not wanted.fixed:
        made.setVariableAxis(QFont.Tag("wght"), float(wanted.weight))
        made.setVariableAxis(QFont.Tag("opsz"), DISPLAY if wanted.size >= 20 else TEXT)
    if wanted.tabular:
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


def metrics(role: str) -> QFontMetricsF:
    return QFontMetricsF(font(role))


@lru_cache(maxsize=1)
def family() -> str:
    """Return the family used for text, loading Inter the first time."""
    folder = files("fontpkg_inter") / "files"
    number = QFontDatabase.addApplicationFont(str(folder / "Inter[opsz,wght].ttf"))
    families = QFontDatabase.applicationFontFamilies(number) if number >= 0 else []
    return (
        families[0] if families else QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).family()
    )


@lru_cache(maxsize=1)
def _system_scale() -> float:
    """The system's text size, kept as the fonts are: on Windows the menu font, elsewhere the logical resolution."""
    if _PRODUCT == "windows":
        return QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont).pointSizeF() / 9.0
    return 1.0 if _PRODUCT == "macos" else QGuiApplication.primaryScreen().logicalDotsPerInch() / 96.0
