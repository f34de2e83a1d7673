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


SCHEMES = [
    pytest.param(table, id=name)
    for name, table in zip(
        ("light", "dark", "high light", "high dark"), (LIGHT, DARK, HIGH_LIGHT, HIGH_DARK), strict=True
    )
]
GROUNDS = ("window", "rail", "surface", "sunken")


def test_contrast_of_black_on_white_is_21():
    assert contrast("#000000", "#FFFFFF") == pytest.approx(21)
    assert contrast("#FFFFFF", "#000000") == pytest.approx(21)


@pytest.mark.parametrize("table", SCHEMES)
def test_every_colour_is_a_hex_value(table):
    for name, value in asdict(table).items():
        assert name == "scheme" or re.fullmatch(r"#[0-9A-F]{6}", value), name


@pytest.mark.parametrize("table", SCHEMES)
@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("ink", ["ink", "ink2", "ink3", "accent", "copper", "brick"])
def test_text_can_be_read_on_every_ground(table, ground, ink):
    assert contrast(getattr(table, ink), getattr(table, ground)) >= 4.5


@pytest.mark.parametrize("table", SCHEMES)
@pytest.mark.parametrize(
    ("front", "back", "minimum"),
    [
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
    ],
)
def test_each_pair_has_its_least_contrast(table, front, back, minimum):
    assert round(contrast(getattr(table, front), getattr(table, back)), 1) >= minimum


HIGH = pytest.mark.parametrize("table", [HIGH_LIGHT, HIGH_DARK], ids=["light", "dark"])


@HIGH
@pytest.mark.parametrize("ground", [*GROUNDS, "hover", "pressed"])
@pytest.mark.parametrize("ink", ["ink", "ink2", "ink3", "accent", "copper", "brick"])
def test_text_of_high_contrast_keeps_7_to_1(table, ground, ink):
    assert contrast(getattr(table, ink), getattr(table, ground)) >= 7


@HIGH
@pytest.mark.parametrize("mark", ["edge", "outline", "line", "grey", "accent_mid", "off"])
def test_edges_and_marks_of_high_contrast_keep_4_5_to_1(table, mark):
    for ground in ("window", "surface"):
        assert contrast(getattr(table, mark), getattr(table, ground)) >= 4.5
