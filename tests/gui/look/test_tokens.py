import re
from dataclasses import asdict

import pytest

from gui.look.tokens import DARK, HIGH_DARK, HIGH_LIGHT, LIGHT


def luminance(color: str) -> float:
    """Return the relative luminance of `#RRGGBB`, 0 to 1 (WCAG 2.2)."""
    channels = [int(color[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """Return the contrast ratio of two colours, 1 to 21 (WCAG 2.2)."""
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


SCHEMES = pytest.mark.parametrize(
    "table", [LIGHT, DARK, HIGH_LIGHT, HIGH_DARK], ids=["light", "dark", "high light", "high dark"]
)
TEXTS = ("text", "muted", "hint", "accent", "warning", "error")


@SCHEMES
def test_text_can_be_read_on_every_background(table):
    for name, value in asdict(table).items():
        assert name == "scheme" or re.fullmatch(r"#[0-9A-F]{6}", value), name
    for background in BACKGROUNDS:
        for text in TEXTS:
            assert contrast(getattr(table, text), getattr(table, background)) >= 4.5, (text, background)


@SCHEMES
def test_each_pair_has_its_least_contrast(table):
    for front, back, minimum in (
        ("text", "background", 15.0),
        ("text", "accent_soft", 10.0),
        ("text", "warning_soft", 4.5),
        ("text", "error_soft", 4.5),
        ("on_accent", "accent_fill", 6.0),
        ("on_accent", "accent_hover", 8.0),
        ("on_accent", "accent_pressed", 8.0),
        ("muted", "hover", 4.5),
        ("hint", "hover", 4.5),
        ("text", "pressed", 4.5),
        ("accent", "accent_soft", 4.5),
        ("outline", "background", 3.0),
        ("outline", "surface", 3.0),
        ("grey", "background", 3.0),
        ("accent_mid", "background", 3.0),
    ):
        assert round(contrast(getattr(table, front), getattr(table, back)), 1) >= minimum, (front, back)


BACKGROUNDS = ("background", "rail", "surface", "sunken")


@pytest.mark.parametrize("table", [HIGH_LIGHT, HIGH_DARK], ids=["light", "dark"])
def test_high_contrast_keeps_7_to_1_for_text_and_4_5_to_1_for_edges_and_marks(table):
    for background in (*BACKGROUNDS, "hover", "pressed"):
        for text in TEXTS:
            assert contrast(getattr(table, text), getattr(table, background)) >= 7, (text, background)
    for background in ("background", "surface"):
        for mark in ("edge", "outline", "line", "grey", "accent_mid", "off"):
            assert contrast(getattr(table, mark), getattr(table, background)) >= 4.5, (mark, background)
