"""The colours keep the contrast they promise, computed from the hex values."""

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
INKS = ("ink", "ink2", "ink3", "accent", "copper", "brick")


@SCHEMES
def test_text_can_be_read_on_every_ground(table):
    for name, value in asdict(table).items():
        assert name == "scheme" or re.fullmatch(r"#[0-9A-F]{6}", value), name
    for ground in GROUNDS:
        for ink in INKS:
            assert contrast(getattr(table, ink), getattr(table, ground)) >= 4.5, (ink, ground)


@SCHEMES
def test_each_pair_has_its_least_contrast(table):
    for front, back, minimum in (
        ("ink", "window", 15.0),
        ("ink", "accent_soft", 10.0),
        ("ink", "copper_soft", 4.5),
        ("ink", "brick_soft", 4.5),
        ("on_accent", "accent_fill", 6.0),
        ("on_accent", "accent_hover", 8.0),
        ("on_accent", "accent_pressed", 8.0),
        ("ink2", "hover", 4.5),
        ("ink3", "hover", 4.5),
        ("ink", "pressed", 4.5),
        ("accent", "accent_soft", 4.5),
        ("outline", "window", 3.0),
        ("outline", "surface", 3.0),
        ("grey", "window", 3.0),
        ("accent_mid", "window", 3.0),
    ):
        assert round(contrast(getattr(table, front), getattr(table, back)), 1) >= minimum, (front, back)


GROUNDS = ("window", "rail", "surface", "sunken")


@pytest.mark.parametrize("table", [HIGH_LIGHT, HIGH_DARK], ids=["light", "dark"])
def test_high_contrast_keeps_7_to_1_for_text_and_4_5_to_1_for_edges_and_marks(table):
    for ground in (*GROUNDS, "hover", "pressed"):
        for ink in INKS:
            assert contrast(getattr(table, ink), getattr(table, ground)) >= 7, (ink, ground)
    for ground in ("window", "surface"):
        for mark in ("edge", "outline", "line", "grey", "accent_mid", "off"):
            assert contrast(getattr(table, mark), getattr(table, ground)) >= 4.5, (mark, ground)
