"""Numbers as they stand on the screen."""

import pytest
from PySide6.QtCore import QLocale

from gui.look import format as text


@pytest.fixture(autouse=True)
def english():
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    yield
    QLocale.setDefault(before)


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (text.number(1540), "1,540"),
        (text.number(-3), "−3"),
        (text.number(1.18823, 3), "1.188"),
        (text.number(0.05), "0.05"),
        (text.number(None), "–"),
        (text.number(float("nan")), "–"),
        (text.percent(0.62), "62\u00a0%"),
        (text.percent(0.0141, 2), "1.41\u00a0%"),
        (text.percent(None), "–"),
        (text.compact(3_538_944), "3.54 M"),
        (text.compact(248_000_000), "248 M"),
        (text.compact(892), "892"),
        (text.bytes_text(14_200_000), "14.2 MB"),
        (text.bytes_text(5.9e9), "5.9 GB"),
        (text.bytes_text(812), "812 bytes"),
        (text.bytes_text(31_100), "31.1 kB"),
        (text.bytes_text(326_900), "0.3 MB"),
        (text.bytes_text(None), "–"),
        (text.duration_text(0.42), "0.4 s"),
        (text.duration_text(41), "41 s"),
        (text.duration_text(250), "4 min 10 s"),
        (text.duration_text(2460), "41 min"),
        (text.duration_text(6720), "1 h 52 min"),
        (text.duration_text(59.7), "1 min"),
        (text.duration_text(None), "–"),
        (text.about_text(0), "less than a minute"),
        (text.about_text(59.9), "less than a minute"),
        (text.about_text(240), "about 4 min"),
        (text.about_text(3590), "about 1 h"),
        (text.about_text(6720), "about 1 h 50 min"),
        (text.about_text(41_000), "about 11 h"),
        (text.score(0.484), "48.4"),
        (text.score(None), "–"),
        (text.gain(0.015), "+1.5"),
        (text.gain(-0.034), "−3.4"),
        (text.gain(None), "–"),
        (text.interval(0.006, 0.024), "0.6 to 2.4"),
    ],
)
def test_text(made, wanted):
    assert made == wanted


def test_the_locale_decides_the_signs():
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    assert text.number(1540) == "1.540"
    assert text.score(0.484) == "48,4"


def test_without_a_locale_english_is_spoken():
    QLocale.setDefault(QLocale.c())
    assert text.number(1540) == "1,540"
