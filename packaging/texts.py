"""Gather every text that a person may read into the files of the languages, keeping what is translated.

    python3 packaging/dev.py texts

The window's texts stand in calls of `tr`, `tr_count` and `mark`. The engine speaks English alone; what it may say is
every text of its source with a word in it, the places of values numbered. A text that is new stands in the file as
unfinished, one that is gone leaves it. PySide6's lrelease compiles the files for QTranslator.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import PySide6

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from gui.look import language  # noqa: E402

# What only the command line, a file or a log says, or nobody.
NOT_SHOWN = (
    "engine/commands",
    "engine/report",
    "engine/server",
    "engine/api.py",
    "engine/worker/exports/hub_card.py",
    "engine/worker/kernels/compat.py",
)
# Whose texts are read by programs: patterns, columns, names of fields, SQL.
SILENT_CALLS = {
    "compile",
    "match",
    "search",
    "sub",
    "fullmatch",
    "split",
    "_split",
    "log",
    "debug",
    "getenv",
    "execute",
    "open",
    "Code",
    "counted",
}
SAYING_CALLS = {"tr", "tr_count", "mark"}
_PLACE = re.compile(r"\{\d+\}")
_WORD = re.compile(r"[A-Za-z]{2,}")
_CODE = re.compile(
    r"\\[bdswn(\[]|\(\?|^https?://|^[\w./-]*[_/][\w./-]*$|^--|\{\{|\}\}|<[a-z/]"
    # Codes of countries, and prompts.
    r"|^[A-Z]{2}( [A-Z]{2})+$|\n\{conversation\}"
)


@dataclass(frozen=True, order=True)
class Text:
    """A text with where it stands; `one` is its form for a count of one."""

    context: str
    source: str
    file: str = ""
    one: str = ""


def source(code: str) -> Path:
    """Return the file of a language for Qt Linguist."""
    return language.path(code).with_suffix(".ts")


def texts() -> list[Text]:
    """Return every text, each once, by context and source."""
    texts_by_source: dict[tuple[str, str], Text] = {}
    for context, folder, gather in (
        (language.WINDOW, "gui", _window_texts),
        (language.ENGINE, "engine", _engine_texts),
    ):
        for file in sorted((ROOT / folder).rglob("*.py")):
            name = file.relative_to(ROOT).as_posix()
            if name.startswith(NOT_SHOWN):
                continue
            for source, one in gather(ast.parse(file.read_text(encoding="utf-8"))):
                texts_by_source.setdefault((context, source), Text(context, source, name, one))
    # What both say stands among the engine's.
    return sorted(
        text
        for text in texts_by_source.values()
        if text.one
        or text.context == language.ENGINE
        or (language.ENGINE, text.source) not in texts_by_source
    )


def write(file: Path, all_texts: list[Text]) -> tuple[int, int]:
    """Write a language's file with these texts; return how many there are, and how many are unfinished.

    Qt Linguist knows how many plural forms the language has.
    """
    translated = (
        {(context, source): forms for context, source, forms in messages(file)} if file.exists() else {}
    )
    root = ET.Element("TS", version="2.1", language=file.stem, sourcelanguage=language.ENGLISH)
    unfinished = 0
    for context in (language.WINDOW, language.ENGINE):
        block = ET.SubElement(root, "context")
        ET.SubElement(block, "name").text = context
        for text in all_texts:
            if text.context == context:
                unfinished += not _add(block, text, translated.get((context, text.source), ()))
    ET.indent(root, " ")
    body = ET.tostring(root, encoding="unicode")
    file.write_text(f'<?xml version="1.0" encoding="utf-8"?>\n<!DOCTYPE TS>\n{body}\n', encoding="utf-8")
    return len(all_texts), unfinished


def release(file: Path, target: Path) -> None:
    """Compile a language's file. Raises subprocess.CalledProcessError."""
    lrelease = Path(PySide6.__file__).parent / "lrelease"
    subprocess.run([lrelease, "-silent", file, "-qm", target], check=True)


def messages(file: Path) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Yield context, English text and forms of all texts of a file; unfinished ones have empty forms."""
    # A trusted file of the application.
    for context in ET.parse(file).getroot().iter("context"):  # noqa: S314
        name = context.findtext("name", "")
        for message in context.iter("message"):
            translation = message.find("translation")
            if translation is None:
                continue
            forms = [form.text or "" for form in translation.iter("numerusform")]
            yield name, message.findtext("source", ""), tuple(forms or [translation.text or ""])


def _add(block: ET.Element, text: Text, forms: tuple[str, ...]) -> bool:
    """Add a text; return whether it is translated."""
    message = ET.SubElement(block, "message", {"numerus": "yes"} if text.one else {})
    ET.SubElement(message, "location", filename=f"../../{text.file}")
    ET.SubElement(message, "source").text = text.source
    finished = bool(forms) and all(forms)
    translation = ET.SubElement(message, "translation", {} if finished else {"type": "unfinished"})
    if text.one:
        for form in forms or ("", ""):
            ET.SubElement(translation, "numerusform").text = form
    elif finished:
        translation.text = forms[0]
    return finished


def _window_texts(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield the texts in calls of the window's functions, with the form for one where there is one."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name)):
            continue
        given = [
            each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)
        ]
        if node.func.id in {"tr", "mark"} and given:
            yield given[0], ""
        elif node.func.id == "tr_count" and len(given) == 2:
            yield given[1], given[0]


def _engine_texts(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield what a module of the engine may say."""
    silent = _silent(tree)
    for node in ast.walk(tree):
        if id(node) in silent:
            continue
        if isinstance(node, ast.Call):
            yield from _counted(node)
        text = (
            language.numbered(node.value)
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
            else ""
        )
        if _is_shown(text):
            yield text.strip(), text.partition("|")[0] if text.count("{1}") == 2 and "|" in text else ""


def formatted(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of what a module of the engine seems to say in an f-string, past `engine.messages.say`."""
    silent = _silent(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr) and id(node) not in silent and _is_shown(_with_places(node)):
            yield node.lineno, _with_places(node)


def bare(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield line and text of what a module of the window seems to say without a call that would translate it."""
    covered = _silent(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") in SAYING_CALLS:
            covered |= {id(each) for argument in node.args for each in ast.walk(argument)}
    for node in ast.walk(tree):
        if id(node) not in covered:
            text = _text(node)
            if _is_shown(text):
                yield getattr(node, "lineno", 0), text


def _counted(call: ast.Call) -> Iterator[tuple[str, str]]:
    """Yield both forms of a number with its noun (`engine.messages.counted`), words as messages, units, captions."""
    forms = [
        each.value for each in call.args[1:] if isinstance(each, ast.Constant) and isinstance(each.value, str)
    ]
    if getattr(call.func, "id", getattr(call.func, "attr", "")) == "counted" and forms:
        one, many = (*forms, f"{forms[0]}s")[:2]
        yield f"{{1}} {one}|{{1}} {many}", one
    if (
        getattr(call.func, "id", "") == "say"
        and len(call.args) == 1
        and isinstance(call.args[0], ast.Constant)
    ):
        yield str(call.args[0].value), ""
    for keyword in call.keywords:
        if (keyword.arg or "").endswith(("unit", "caption")) and isinstance(keyword.value, ast.Constant):
            yield str(keyword.value.value), ""


def _silent(tree: ast.Module) -> set[int]:
    """Return the nodes with texts for programs: docstrings, parts of f-strings, patterns, keys, types, comparisons."""
    silent: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            silent.add(id(node.value))
        elif isinstance(node, ast.JoinedStr):
            silent |= {id(part) for part in node.values}
        elif isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in SILENT_CALLS:
                silent |= {id(each) for argument in node.args for each in ast.walk(argument)}
            elif name == "get":
                silent |= {id(key) for key in node.args[:1]}
        elif isinstance(node, ast.Compare):
            silent |= {id(each) for each in (node.left, *node.comparators)}
        elif isinstance(node, ast.AnnAssign):
            silent |= {id(each) for each in ast.walk(node.annotation)}
        elif isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            silent |= {id(each) for each in ast.walk(node.value)}
    return silent


def _text(node: ast.AST) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    return _with_places(node) if isinstance(node, ast.JoinedStr) else ""


def _with_places(node: ast.JoinedStr) -> str:
    parts, count = [], 0
    for value in node.values:
        if isinstance(value, ast.Constant):
            parts.append(str(value.value))
        else:
            count += 1
            parts.append(f"{{{count}}}")
    return "".join(parts)


def _is_shown(text: str) -> bool:
    shown = _PLACE.sub(" ", text)
    if not _WORD.search(shown) or _CODE.search(shown.strip()):
        return False
    return " " in text.strip() or bool(re.fullmatch(r"[A-Z][a-z]+[a-zA-Z-]*[.…]?", text))


def main() -> int:
    """Write the file of every language but English."""
    all_texts = texts()
    for code in language.LANGUAGES:
        if code != language.ENGLISH:
            file = source(code)
            count, unfinished = write(file, all_texts)
            release(file, language.path(code))
            print(f"{file.relative_to(ROOT)}: {count} texts, {unfinished} of them not translated.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
