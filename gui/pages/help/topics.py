"""What help is about: first words, then every method, setting, score and finding as the engine declares it.

Nothing of it is written twice: a new option or method is in the help when it is declared.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from engine.api import (
    FINDINGS,
    METHODS,
    BaseModelOptions,
    DataOptions,
    DecodingOptions,
    EvaluationOptions,
    Method,
    OptionInfo,
    Options,
    TrainingOptions,
    describe,
    licences,
    measures,
)
from gui.pages.help.words import WORDS

FIRST, METHOD, SETTING, SCORE, FINDING, ABOUT = (
    "First words",
    "Methods",
    "Settings",
    "Scores",
    "The data check",
    "Tunesmith and its licences",
)
Fact = tuple[str, str]
TABLES: tuple[tuple[str, type[Options]], ...] = (
    ("Base model", BaseModelOptions),
    ("Data", DataOptions),
    ("Training", TrainingOptions),
    ("Evaluation", EvaluationOptions),
    ("Playground", DecodingOptions),
)
# Settings beside which something is drawn, by their name in recipes.
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
    "virtual_tokens": "soft prompt",
}
QUANTIZED = {"none": "as it is", "int8": "int8", "nf4": "NF4", "fp4": "FP4"}


@dataclass(frozen=True)
class Topic:
    """One thing that help explains.

    `facts` are pairs of a name and what is said of it, `drawing` a key of the drawings, `method` one whose sketch is
    shown, `others` words by which it is found too, `read` returns a long text that is read when it is looked at.
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

    def told(self) -> str:
        """Return all that is said at once, in small letters, for the search."""
        facts = " ".join(f"{name} {text}" for name, text in self.facts)
        return f"{self.title} {self.text} {facts} {self.others}".lower()


def topics() -> list[Topic]:
    """Return all topics, group by group; the licences are not among them, since reading them takes a while."""
    return [*_first(), *_methods(), *_settings(), *_scores(), *_findings()]


def about() -> list[Topic]:
    """Return Tunesmith and the packages it is made of, with their licences."""
    return [
        Topic(
            f"package {each.name}",
            ABOUT,
            each.name if each.name != licences.PRODUCT else "Tunesmith",
            each.summary,
            (("Version", each.version), ("Licence", each.licence)),
            others="about licence version",
            read=each.text,
        )
        for each in licences.packages()
    ]


def find(wanted: str, among: Iterable[Topic]) -> list[Topic]:
    """Return the topics in which all words stand; those that begin with them in their title come first of a group."""
    words = wanted.lower().split()
    found = [topic for topic in among if all(word in topic.told() for word in words)]
    groups = list(dict.fromkeys(topic.group for topic in found))
    titled = [all(word in topic.title.lower() for word in words) for topic in found]
    order = sorted(range(len(found)), key=lambda at: (groups.index(found[at].group), not titled[at]))
    return [found[at] for at in order]


def best(wanted: str, found: list[Topic]) -> Topic | None:
    """Return the topic that was most likely meant: one that is called so, else one with it in its title, else any."""
    asked = wanted.lower().strip()
    ranked = sorted(found, key=lambda topic: (topic.title.lower() != asked, asked not in topic.title.lower()))
    return next(iter(ranked), None)


def _first() -> list[Topic]:
    return [
        Topic(f"word {word.title}", FIRST, word.title, word.text, drawing=word.drawing, others=word.others)
        for word in WORDS
    ]


def _methods() -> list[Topic]:
    return [
        Topic(
            f"method {each.id}",
            METHOD,
            each.title,
            each.explanation,
            tuple(_method_facts(each)),
            method=each,
            others=f"{each.id} {each.summary} {' '.join(variant.title for variant in each.variants)}",
        )
        for each in METHODS
    ]


def _method_facts(each: Method) -> Iterable[Fact]:
    yield "In short", each.summary
    yield "Works with", ", ".join(each.families)
    yield "On a base kept", ", ".join(QUANTIZED[kept] for kept in each.quantizations)
    yield "Can be merged", "yes" if each.merges else "no"
    for variant in each.variants:
        yield f"Variant {variant.title}", variant.summary
    for info in describe(each.options):
        yield info.title, _of_option(info)


def _of_option(info: OptionInfo) -> str:
    """Return what is declared of an option in a few sentences: help, choices, bounds, default."""
    told = [info.help]
    if info.choices:
        told.append(f"One of {', '.join(info.choices)}.")
    if info.bounds_text:
        told.append(f"{info.bounds_text[0].upper()}{info.bounds_text[1:]}.")
    if isinstance(info.default, (bool, int, float, str)) and _value(info.default):
        told.append(f"Unless set: {_value(info.default)}{f' {info.unit}' if info.unit else ''}.")
    return " ".join(told)


def _value(value: object) -> str:
    """Return a default as it is told; "" for a text of several lines, which explains nothing here."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return "" if "\n" in str(value) else str(value)


def _settings() -> list[Topic]:
    """Return a topic for each title that a setting has; where several share it, all of them."""
    found: dict[str, list[tuple[str, OptionInfo]]] = {}
    places = [*TABLES, *((each.title, each.options) for each in METHODS)]
    for place, options in places:
        for info in describe(options):
            found.setdefault(info.title, []).append((place, info))
    return [_setting(title, found[title]) for title in sorted(found, key=str.lower)]


def _setting(title: str, declared: list[tuple[str, OptionInfo]]) -> Topic:
    told: dict[str, list[str]] = {}
    for place, info in declared:
        told.setdefault(_of_option(info), []).append(place)
    _, first = declared[0]
    texts = list(told)
    alone = len(texts) == 1
    facts = (
        [("Where", ", ".join(told[texts[0]]))] if alone else [(", ".join(told[text]), text) for text in texts]
    )
    names = sorted({info.name for _, info in declared})
    return Topic(
        f"setting {title}",
        SETTING,
        title,
        texts[0] if alone else first.help,
        (*facts, ("In recipes", ", ".join(names))),
        DRAWN.get(first.name, ""),
        others=" ".join(names),
    )


def _scores() -> list[Topic]:
    good = {
        "higher": "Higher is better.",
        "lower": "Lower is better.",
        "neither": "Neither way is better in itself.",
    }
    return [
        Topic(f"score {each.name}", SCORE, each.title, f"{each.help} {good[each.good]}", drawing="verdict")
        for each in measures.MEASURES.values()
    ]


def _findings() -> list[Topic]:
    return [
        Topic(f"finding {each.id}", FINDING, each.title, f"{each.what}. {each.then}".strip())
        for each in FINDINGS
    ]
