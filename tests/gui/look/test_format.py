import pytest
from PySide6.QtCore import QLocale

from gui.look.format import (
    about_text,
    bytes_text,
    compact,
    duration_text,
    gain,
    gigabytes_text,
    number_text,
    percent,
    score,
)
from gui.models.metric_text import interval_text


@pytest.fixture(autouse=True)
def english():
    before = QLocale()
    QLocale.setDefault(QLocale(QLocale.Language.English, QLocale.Country.UnitedStates))
    yield
    QLocale.setDefault(before)


@pytest.mark.parametrize(
    ("made", "wanted"),
    [
        (number_text(1540), "1,540"), (number_text(-3), "−3"), (number_text(1.18823, 3), "1.188"),
        (number_text(0.05), "0.05"), (number_text(None), "–"), (number_text(float("nan")), "–"),
        (percent(0.62), "62\u00a0%"), (percent(0.0141, 2), "1.41\u00a0%"), (percent(None), "–"),
        (compact(3_538_944), "3.54 M"), (compact(248_000_000), "248 M"), (compact(892), "892"),
        (bytes_text(14_200_000), "14.2 MB"), (bytes_text(5.9e9), "5.9 GB"), (bytes_text(812), "812 bytes"),
        (bytes_text(31_100), "31.1 kB"), (bytes_text(326_900), "326.9 kB"), (bytes_text(None), "–"),
        (duration_text(0.42), "0.4 s"), (duration_text(41), "41 s"), (duration_text(250), "4 min 10 s"),
        (duration_text(2460), "41 min"), (duration_text(6720), "1 h 52 min"), (duration_text(59.7), "1 min"),
        (duration_text(None), "–"), (about_text(0), "less than a minute"),
        (about_text(59.9), "less than a minute"), (about_text(240), "about 4 min"),
        (about_text(3590), "about 1 h"), (about_text(6720), "about 1 h 50 min"),
        (about_text(41_000), "about 11 h"), (score(0.484), "48.4"), (score(None), "–"), (gain(0.015), "+1.5"),
        (gain(-0.034), "−3.4"), (gain(None), "–"), (interval_text({"low": 0.006, "high": 0.024}), "0.6 to 2.4"),
    ],
)  # fmt: skip
def test_text(made, wanted):
    assert made == wanted


def test_the_locale_decides_the_signs():
    QLocale.setDefault(QLocale(QLocale.Language.German, QLocale.Country.Germany))
    assert number_text(1540) == "1.540"
    assert score(0.484) == "48,4"


def test_without_a_locale_english_is_spoken():
    QLocale.setDefault(QLocale.c())
    assert number_text(1540) == "1,540"


def test_gigabytes_stay_gigabytes():
    assert gigabytes_text(802e6) == "0.8 GB"
    assert gigabytes_text(25.3e9) == "25 GB"
