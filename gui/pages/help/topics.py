"""The help topics: tasks and terms from `resources/help`, and every method, setting, score and finding of the engine.

A new option or method is in the help as soon as it is declared. A task or a term is a Markdown file for each language:
remarks, a title, and the text.

    <!-- drawing: loss -->                  a drawing of `resources/drawings` below the text
    <!-- search: overfitting -->            further words by which it is found
    # Loss
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QCollator

from engine.api import (
    DATA_FILE_KINDS,
    FINDINGS,
    METHODS,
    BaseModelOptions,
    DataFileKind,
    DataOptions,
    DecodingOptions,
    EvaluationOptions,
    Message,
    Method,
    OptionInfo,
    Options,
    TrainingOptions,
    chats,
    describe,
    licences,
    metrics,
    paths,
)
from gui.forms.value_text import bounds_text, unit_text, value_text
from gui.look.format import plain
from gui.look.language import ENGLISH, locale, mark, of_file, spoken, tr, translate

TASK, TERM, METHOD, SETTING, SCORE, FINDING, ABOUT = (
    mark("What you want to do"),
    mark("Terms"),
    mark("Methods"),
    mark("Settings"),
    mark("Scores"),
    mark("The data check"),
    mark("Tunesmith and its licences"),
)
Fact = tuple[str, str]
TABLES: tuple[tuple[str, type[Options]], ...] = (
    (mark("Base model"), BaseModelOptions),
    (mark("Data"), DataOptions),
    (mark("Training"), TrainingOptions),
    (mark("Evaluation"), EvaluationOptions),
    (mark("Playground"), DecodingOptions),
)
# Kinds of chats that are no program's.
UNTITLED = ("plain", "text", "table", "turns")
# Drawings by the name of the setting in recipes.
DRAWN = {
    "rank": "rank",
    "alpha": "rank",
    "init_rank": "rank",
    "quantization": "nf4",
    "double_quantization": "nf4",
    "dropout": "dropout",
    "learning_rate": "schedule",
    "schedule": "schedule",
    "warmup": "schedule",
    "beams": "beams",
    "bootstrap": "verdict",
    "virtual_tokens": "vectors",
}
QUANTIZED = {"none": mark("as it is"), "int8": "int8", "nf4": "NF4", "fp4": "FP4"}
GOOD = {
    "higher": mark("Higher is better."),
    "lower": mark("Lower is better."),
    "neither": mark("Neither higher nor lower is better."),
}
# Folders of `resources/help`, for each language, with the groups of their topics.
WRITTEN = {"tasks": TASK, "terms": TERM}
REMARK = re.compile(r"<!-- (\w+): (.*) -->")


@dataclass(frozen=True)
class Topic:
    """One help topic, in the language in use; `group` is one of the names above, in English.

    `facts` are pairs of name and text, `drawing` is the key of a drawing, `method` a method whose sketch is shown,
    `others` further search terms, `read` returns a long text, called when the topic is shown. `is_markdown`: the text
    is a file of ours.
    """

    id: str
    group: str
    title: str
    text: str
    facts: tuple[Fact, ...] = ()
    drawing: str = ""
    method: Method | None = None
    others: str = ""
    read: Callable[[], str] | None = None
    is_markdown: bool = False

    def search_text(self) -> str:
        """Return all texts in lower case, for the search."""
        facts = " ".join(f"{name} {text}" for name, text in self.facts)
        text = re.sub(r"[*`\\]", "", self.text) if self.is_markdown else self.text
        return f"{self.title} {text} {facts} {self.others}".lower()


def topics() -> list[Topic]:
    """Return all topics by group, without the licences, which take time to read."""
    return [*_written(), _files(), *_methods(), *_settings(), *_scores(), *_findings()]


def about() -> list[Topic]:
    """Return the topics of Tunesmith and its packages, with their licences."""
    return [
        Topic(
            _id("package", each.name),
            ABOUT,
            each.name if each.name != licences.PRODUCT else "Tunesmith",
            translate(each.summary),
            ((tr("Version"), each.version), (tr("Licence"), translate(each.licence))),
            others=tr("about licence version"),
            read=each.text,
        )
        for each in licences.packages()
    ]


def find(wanted: str, among: Iterable[Topic]) -> list[Topic]:
    """Return the topics that contain all words; in each group, those with all words in the title come first."""
    searched = wanted.lower().split()
    found = [topic for topic in among if all(word in topic.search_text() for word in searched)]
    groups = list(dict.fromkeys(topic.group for topic in found))
    titled = [all(word in topic.title.lower() for word in searched) for topic in found]
    order = sorted(range(len(found)), key=lambda at: (groups.index(found[at].group), not titled[at]))
    return [found[at] for at in order]


def best(wanted: str, found: list[Topic]) -> Topic | None:
    """Return the best match: a topic with this title, else one with it in the title, else any."""
    asked = wanted.lower().strip()
    ranked = sorted(found, key=lambda topic: (topic.title.lower() != asked, asked not in topic.title.lower()))
    return next(iter(ranked), None)


def _written() -> list[Topic]:
    """Return the topics that are files, in the language in use; in English where it has none."""
    folder = paths.resources_folder() / "help"
    code = spoken() if (folder / spoken()).is_dir() else ENGLISH
    return [
        _of_file(file, group)
        for name, group in WRITTEN.items()
        for file in sorted((folder / code / name).glob("*.md"))
    ]


def _of_file(file: Path, group: str) -> Topic:
    head, _, text = file.read_text(encoding="utf-8").partition("\n\n")
    remarks = dict(REMARK.findall(head))
    return Topic(
        id_of_file(file),
        group,
        of_file(head.rpartition("# ")[2]),
        of_file(text),
        drawing=remarks.get("drawing", ""),
        others=remarks.get("search", ""),
        is_markdown=True,
    )


def _files() -> Topic:
    """Return the topic of what can be read: every kind of file, and every program whose chats are known."""
    kinds = tuple((translate(kind.title), _of_files(kind)) for kind in DATA_FILE_KINDS)
    known = sorted(
        {translate(title) for kind, title in chats.TITLES.items() if kind not in UNTITLED}, key=str.lower
    )
    return Topic(
        _id("files", "kinds"),
        TERM,
        tr("Files that can be read"),
        tr(
            "A data set is a file, a folder, or a data set of the Hugging Face Hub. “Data sets” shows "
            "the first rows and what was detected, and asks about the rest."
        ),
        (*kinds, (tr("Known chats and transcripts"), ", ".join(known))),
        others=tr("formats import export endings"),
    )


def _of_files(kind: DataFileKind) -> str:
    endings = ", ".join(suffix.removeprefix(".") for suffix in kind.suffixes)
    return f"{endings}. {translate(kind.about)}"


def _methods() -> list[Topic]:
    return [
        Topic(
            _id("method", each.id),
            METHOD,
            translate(each.title),
            translate(each.explanation),
            tuple(_method_facts(each)),
            method=each,
            others=" ".join(
                [each.id, translate(each.summary), *(translate(variant.title) for variant in each.variants)]
            ),
        )
        for each in METHODS
    ]


def _method_facts(each: Method) -> Iterable[Fact]:
    yield tr("In short"), translate(each.summary)
    yield tr("Works with"), ", ".join(translate(family) for family in each.families)
    yield tr("Base model in"), ", ".join(tr(QUANTIZED[weights]) for weights in each.quantizations)
    yield tr("Can be merged"), tr("yes") if each.merges else tr("no")
    for variant in each.variants:
        yield tr("Variant {name}", name=translate(variant.title)), translate(variant.summary)
    for info in describe(each.options):
        yield translate(info.title), _of_option(info)


def _of_option(info: OptionInfo) -> str:
    """Return an option's declaration in sentences: help, choices, bounds, default."""
    sentences = [translate(info.help)]
    if info.choices:
        sentences.append(tr("One of {choices}.", choices=", ".join(map(value_text, info.choices))))
    sentences.append(bounds_text(info))
    default = _default(info)
    if default:
        sentences.append(tr("Default: {value}.", value=default))
    return " ".join(filter(None, sentences))


def _default(info: OptionInfo) -> str:
    """Return a default as text, "" if there is none: with its unit, or the form's word for it."""
    if info.zero and not info.default:
        return value_text(info.zero)
    if info.choices:
        return value_text(str(info.default))
    value = _value(info.default) if isinstance(info.default, (bool, int, float, str)) else ""
    return f"{value} {unit_text(info.unit, info.default)}".rstrip() if value else ""


def _value(value: object) -> str:
    """Return a default as text; "" for a text of several lines."""
    if isinstance(value, bool):
        return tr("yes") if value else tr("no")
    if isinstance(value, float):
        return plain(value)
    return "" if "\n" in str(value) else value_text(str(value))


def _settings() -> list[Topic]:
    """Return a topic for each title of settings; settings with the same title share one."""
    found: dict[str, list[tuple[str, OptionInfo]]] = {}
    tables = [(tr(title), options) for title, options in TABLES]
    tables += [(translate(each.title), each.options) for each in METHODS]
    for table, options in tables:
        for info in describe(options):
            found.setdefault(info.title, []).append((table, info))
    alphabet = QCollator(locale())
    return [
        _setting(title, found[title])
        for title in sorted(found, key=lambda title: alphabet.sortKey(translate(title)))
    ]


def _setting(title: str, declared: list[tuple[str, OptionInfo]]) -> Topic:
    where: dict[str, list[str]] = {}
    for table, info in declared:
        where.setdefault(_of_option(info), []).append(table)
    _, first = declared[0]
    texts = list(where)
    alone = len(texts) == 1
    facts = (
        [(tr("Where"), ", ".join(where[texts[0]]))]
        if alone
        else [(", ".join(where[text]), text) for text in texts]
    )
    names = sorted({info.name for _, info in declared})
    return Topic(
        id_of_setting(title),
        SETTING,
        translate(title),
        texts[0] if alone else translate(first.help),
        (*facts, (tr("In recipes"), ", ".join(names))),
        DRAWN.get(first.name, ""),
        others=" ".join(names),
    )


def _scores() -> list[Topic]:
    return [
        Topic(
            _id("score", each.name),
            SCORE,
            translate(each.title),
            f"{translate(each.help)} {tr(GOOD[each.good])}",
            drawing="verdict",
        )
        for each in metrics.METRICS.values()
    ]


def _findings() -> list[Topic]:
    return [
        Topic(
            _id("finding", each.id),
            FINDING,
            translate(each.title),
            f"{translate(Message(each.what, '…') if '{}' in each.what else each.what)}. {translate(each.then)}".strip(),
        )
        for each in FINDINGS
    ]


def id_of_file(file: Path) -> str:
    """Return the id of the topic that is a file: its folder, and its name without the number."""
    return _id(file.parent.name, file.stem.partition("-")[2])


def id_of_setting(title: str) -> str:
    """Return the id of the topic of the settings with a title, in English."""
    return _id("setting", title)


def _id(kind: str, name: str) -> str:
    return f"{kind} {name}"
