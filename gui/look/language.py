"""Translations of the window. English is in the source; other languages are files in `resources/languages`.

    tr("Settings")                                      a text of the window
    tr("Stopped at step {step}.", step=number(4))       ... with values in it
    tr_count(3, "{n} example", "{n} examples")          ... with a plural
    mark("Settings")                                    a text translated later: TITLE = mark(…), then tr(TITLE)
    translate(error.message)                            a text of the engine, which is English

A language is a file of Qt Linguist, compiled for QTranslator by `dev.py texts`. It has two contexts: `window` has the
texts in calls of `tr`, `tr_count` and `mark`; `engine` has the texts of the engine, with values as {1} and {2}, and
those that both have. Without a translation, the English text is shown. Knows no widget.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count, pairwise
from math import ceil
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QLocale, Qt, QTranslator
from PySide6.QtGui import QGuiApplication

from engine.api import Message, escaping, paths

SYSTEM, ENGLISH = "system", "en"
# Language codes with the languages' own names.
LANGUAGES = {ENGLISH: "English", "de": "Deutsch"}
# For developers: longer English in accented letters, so that what stays plain is not translated; also right to left.
PSEUDO, PSEUDO_RIGHT = "pseudo", "pseudo-right"
PSEUDO_LANGUAGES = {PSEUDO: "Pseudo", PSEUDO_RIGHT: "Pseudo, right to left"}
WINDOW, ENGINE = "window", "engine"
# The largest number that chooses a form of a plural.
LARGEST_COUNT = 2**31 - 1
# The place of a value in a template, with its format; and in a text of the files.
_PLACE = re.compile(r"\{(?::([^{}]*))?\}")
_NUMBERED = re.compile(r"\{(\d+)\}")
# Quoted values (columns, names, words of the data) are not translated. Neither are the names in `LISTING`.
QUOTES = {'"': '"', "“": "”", "`": "`"}
LISTING = frozenset(
    {
        "Columns: {1}.",
        "Other columns: {1}.",
        "They have: {1}. Name the key of the text as data.columns.text.",
        'A turn has no "{1}"; it has: {2}.',
        "Skipped, no split in the name: {1}.",
        "Skipped, other files are read: {1}.",
        "{1} is read as splits: {2}.",
        "The base model {1} is under {2}.",
        "The practice model of Tunesmith is under {1}.",
        "The data is under {1}.",
        "The licence of the base model {1} is unknown; check it before you share anything.",
    }
)
_JOINER = re.compile(r"(, |; |: | and | or | with )")
# What stays as it is in the language for developers: places of values, tags, the key of a button, patterns of files.
_KEPT = re.compile(r"(\{[^{}]*\}|</?b>|&|\(\*[^)]*\))")
_ACCENTED = str.maketrans("ACDEGHIKLNORSTUYZacdeghiklnorstuyz", "ÂĈĎÉĜĤÎĶĻÑÖŔŜŢÛÝŽàĉďéĝĥîķļñöŕŝţûýž")
# 1,228 and 12.4 GB, but neither 0.21.0 nor CUDA 12.8 nor 2026 nor 05.
_FIGURE = re.compile(r"(?<![\w.,])(?<!CUDA )(?<!ROCm )(?!0\d)\d{1,3}(?:,\d{3})*(?:\.\d+)?(?![\w.]*\.?\d)")


class _Pseudo(QTranslator):
    """The language for developers: each text that a language has, accented and longer."""

    def translate(
        self, context: str, text: str, disambiguation: str | None = None, n: int = -1, /
    ) -> str | None:
        found = super().translate(context, text, disambiguation, n)
        # Formats of dates stay.
        return _lengthened(text.rpartition("|")[2]) if found and text.strip("dMy ") else found


@dataclass
class _Current:
    """The language of this process."""

    code: str = ENGLISH
    translator: QTranslator | None = None
    of_qt: QTranslator | None = None


_now = _Current()


def tr(text: str, /, **values: object) -> str:
    """Translate a text of the window, or one that it shares with the engine, and fill in its values by name."""
    translated = known(text) or text
    return translated.format(**_shown(values)) if values else translated


def tr_count(count: int, one: str, many: str, /, **values: object) -> str:
    """Translate a text with a plural; `{n}` is the number in the locale's format, other values are filled in too."""
    translated = _found(WINDOW, many, count) or (one if count == 1 else many)
    return translated.format(**{"n": locale().toString(count)} | _shown(values))


def _shown(values: Mapping[str, object]) -> dict[str, object]:
    """Return values as they stand in a text: names and paths of others can't fake a line of it."""
    return {
        name: escaping.in_one_line(str(value)) if isinstance(value, str | Path) else value
        for name, value in values.items()
    }


def mark(text: str) -> str:
    """Return the text unchanged; marks it for translation with `tr` where it is shown."""
    return text


def numbered(template: str) -> str:
    """Return a template as the files have it: "{} of {:,}" as "{1} of {2}", each form of a plural by itself."""
    one, bar, many = template.partition("|")
    numbers = count(1)
    first = _PLACE.sub(lambda _: f"{{{next(numbers)}}}", one)
    return f"{first}|{numbered(many)}" if bar else first


def translate(text: str) -> str:
    """Translate a text of the engine: a title, an explanation, or a message with values, which may be of others."""
    return escaping.escaped(_of_engine(text) if _now.translator else text)


def sentences(*texts: str) -> str:
    """Translate texts of the engine, such as an error's message and hint, without the empty ones."""
    return " ".join(translate(text) for text in texts if text)


# The joiners in lists of values.
JOINERS = mark(" and "), mark(" or "), mark(" with ")


def locale() -> QLocale:
    """Return the locale for numbers and dates; English if the desktop has none."""
    found = QLocale()
    return QLocale(QLocale.Language.English) if found.language() == QLocale.Language.C else found


def spoken() -> str:
    """Return the code of the language in use."""
    return _now.code


def known(text: str) -> str:
    """Return the translation of a text of the window or the engine, "" without one."""
    return _found(WINDOW, text) or _found(ENGINE, text)


def offered() -> dict[str, str]:
    """Return the languages of the settings; with TUNESMITH_PSEUDO=1 also those for developers."""
    return LANGUAGES | (PSEUDO_LANGUAGES if os.environ.get("TUNESMITH_PSEUDO") == "1" else {})


def of_file(text: str) -> str:
    """Return a text of an English file of ours as the language in use has it."""
    return _accented(text) if _now.code in PSEUDO_LANGUAGES else text


def code_of(wanted: str) -> str:
    """Return the code of the language that a preference means: English where nobody brought it."""
    code = QLocale.system().name()[:2] if wanted == SYSTEM else wanted
    return code if code in offered() else ENGLISH


def speak(wanted: str) -> None:
    """Use a language from now on: a code, or "system" for the desktop's. Texts already shown do not change.

    Numbers, dates and the reading direction follow.
    """
    _now.code = code_of(wanted)
    translator = _Pseudo() if _now.code in PSEUDO_LANGUAGES else QTranslator()
    use(translator if _now.code != ENGLISH and translator.load(str(path(_now.code))) else None)
    found = QLocale.system()
    if wanted != SYSTEM and _now.code != found.name()[:2]:
        found = QLocale(ENGLISH if _now.code in PSEUDO_LANGUAGES else _now.code)
    # Without a language of the system, numbers would have no group separators.
    QLocale.setDefault(QLocale(ENGLISH) if found.language() == QLocale.Language.C else found)
    _speak_qt(_now.code)
    direction = Qt.LayoutDirection
    QGuiApplication.setLayoutDirection(
        direction.RightToLeft if _now.code == PSEUDO_RIGHT else direction.LayoutDirectionAuto
    )


def use(translator: QTranslator | None) -> None:
    """Translate with this from now on; None is English."""
    _now.translator = translator


def path(code: str) -> Path:
    """Return the compiled file of a language; the language for developers has the texts of another."""
    of = next(each for each in LANGUAGES if each != ENGLISH) if code in PSEUDO_LANGUAGES else code
    return paths.resources_folder() / "languages" / f"{of}.qm"


def _found(context: str, text: str, count: int = -1) -> str:
    """Return the translation of an exact text, in its form for a count, or ""."""
    if _now.translator is None or not text:
        return ""
    return _now.translator.translate(context, text, None, min(count, LARGEST_COUNT)) or ""


def _of_engine(text: str) -> str:
    """Translate a text of the engine; one that is not known stays as it is."""
    if isinstance(text, Message):
        return _message(text)
    return _likely(text) or _in_a_row(text) or text


def _message(message: Message) -> str:
    """Translate a message with its values."""
    english, parts = numbered(message.template), _PLACE.split(message.form)
    quoted = [english in LISTING or after[:1] in _closing(before) for before, after in pairwise(parts[::2])]
    values = [
        format(value, spec or "") if is_quoted else _value(value, spec)
        for value, spec, is_quoted in zip(message.values, parts[1::2], quoted, strict=False)
    ]
    count = message.values[0] if message.form != message.template else -1
    translated = _likely(english, count if isinstance(count, int) else 1) or _JOINER.sub(
        lambda joiner: tr(joiner.group()), numbered(message.form)
    )
    return _NUMBERED.sub(lambda place: values[int(place[1]) - 1], translated)


def _likely(text: str, count: int = -1) -> str:
    """Return the translation of a text, whatever its first letter's case and with or without a full stop, or ""."""
    inner = text.strip()
    for form, end in ((inner, ""), (inner[:1].upper() + inner[1:], ""), (inner.removesuffix("."), ".")):
        if found := _found(ENGINE, form, count):
            return text.replace(inner, found.removesuffix(end) + end)
    return ""


def _value(value: str | float, spec: str | None) -> str:
    """Translate a value in a message: a message, a known text, a list of texts, or something with numbers."""
    if isinstance(value, Message):
        return _message(value)
    text = format(value, spec or "")
    return _likely(text) or _in_a_row(text) or _FIGURE.sub(_local, text)


def _in_a_row(text: str) -> str:
    """Translate a list of joined texts if each is known or a number, else return ""."""
    parts = _JOINER.split(text)
    translated = [
        tr(part)
        if _JOINER.fullmatch(part)
        else _likely(part) or _FIGURE.sub(_local, part) * bool(_FIGURE.fullmatch(part))
        for part in parts
    ]
    return "".join(translated) if parts[1:] and all(translated) else ""


def _lengthened(text: str) -> str:
    return f"[{_accented(text)}{' ~~~' * ceil(len(text) / 10)}]"


def _accented(text: str) -> str:
    return "".join(part if at % 2 else part.translate(_ACCENTED) for at, part in enumerate(_KEPT.split(text)))


def _speak_qt(code: str) -> None:
    """Load Qt's own translations, for its menus and dialogs."""
    if _now.of_qt is not None:
        QCoreApplication.removeTranslator(_now.of_qt)
        _now.of_qt = None
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    translator = QTranslator()
    if code != ENGLISH and translator.load(f"qtbase_{code}", folder):
        _now.of_qt = translator
        QCoreApplication.installTranslator(translator)


def _closing(before: str) -> tuple[str, ...]:
    """Return the closing quote, if the text before a placeholder ends with an opening one."""
    return (QUOTES[before[-1]],) if before[-1:] in QUOTES else ()


def _local(figure: re.Match[str]) -> str:
    plain = figure.group().replace(",", "")
    digits = len(plain.partition(".")[2])
    return locale().toString(float(plain), "f", digits) if digits else locale().toString(int(plain))
