"""What the labelling page says of a set, a conversation and what was done with it. Knows no widget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from engine.api import STARTER, finding, labelling, speakers, turns
from gui.look.format import clock_text, number
from gui.pages.playground.board import about_tokens

CHANGED_TITLES = {"written": "Written", "accepted": "Accepted", "skipped": "Skipped"}


@dataclass(frozen=True)
class Status:
    """How a summary stands: words, an icon (or none) and their ink."""

    text: str
    icon: str
    ink: str


def draft_name(draft: labelling.Draft) -> str:
    """Return how the model that wrote a draft is called."""
    if draft.adapter is not None:
        return draft.name or draft.adapter
    return "the bundled model" if draft.base_model == STARTER else draft.base_model


def status(item: labelling.Item) -> Status:
    """Return how a conversation's summary stands; a draft says so until it is accepted."""
    if item.state == "accepted":
        return Status(f"Accepted, {author(item)}", "check", "accent")
    if item.state == "skipped":
        return Status("Skipped, not part of the data set", "minus", "ink2")
    if item.draft is not None and item.state == "drafted":
        return Status(f"Not accepted yet: {author(item)}", "warning", "copper")
    if item.text.strip():
        return Status("Not accepted yet: kept as you type", "edit", "ink2")
    return Status("Not written yet", "edit", "ink2")


def state(item: labelling.Item) -> Status:
    """Return in a word or two how a conversation stands, for a list."""
    if item.state == "accepted":
        return Status("Accepted", "check", "accent")
    if item.state == "skipped":
        return Status("Skipped", "minus", "ink3")
    if item.state == "drafted":
        return Status("Draft", "warning", "copper")
    return Status("Begun", "edit", "ink2") if item.text.strip() else Status("To do", "", "ink3")


def author(item: labelling.Item) -> str:
    """Return who wrote a summary, as part of a sentence."""
    if item.draft is not None:
        what = "a draft" if item.written_by == "draft" else "an edited draft"
        return f"{what} of {draft_name(item.draft)}"
    return "as the source has it" if item.written_by == "source" else "written by you"


def step_title(step: labelling.Step) -> str:
    """Return what a step was."""
    if step.event == "drafted" and step.after.draft is not None:
        return f"Draft of {draft_name(step.after.draft)}"
    if step.event == "written" and step.before.draft is not None and step.after.text:
        return "Draft edited"
    if step.event == "written" and not step.after.text:
        return "Emptied"
    return CHANGED_TITLES.get(step.event, step.event.capitalize())


def step_detail(step: labelling.Step) -> str:
    """Return how much a step left there."""
    count = labelling.count_words(step.after.text)
    return counted(count, "word") if step.event in ("written", "drafted") else ""


def counted(count: int, what: str) -> str:
    """Return a number of things: "1 word", "340 words"."""
    return f"{number(count)} {what}{'' if count == 1 else 's'}"


def progress(found: labelling.Progress) -> str:
    """Return how far a set is: "37 of 340 accepted, 2 drafts, 12 skipped"."""
    parts = [f"{number(found.accepted)} of {number(found.total)} accepted"]
    parts += [counted(found.drafted, "draft")] if found.drafted else []
    parts += [f"{number(found.skipped)} skipped"] if found.skipped else []
    return ", ".join(parts)


def about_set(about: labelling.About, sittings: int) -> str:
    """Return where a set is from and how often it was worked on."""
    again = f", {counted(sittings, 'sitting')}" if sittings > 1 else ""
    return f"From {about.source}, begun {clock_text(about.made_at)}{again}"


def set_titles(sets: Sequence[labelling.About]) -> list[tuple[str, str]]:
    """Return sets to choose from, by id; of several with one name each says when it was begun."""
    names = Counter(about.name for about in sets)
    return [
        (about.id, f"{about.name} ({clock_text(about.made_at)})" if names[about.name] > 1 else about.name)
        for about in sets
    ]


def about_conversation(item: labelling.Item) -> str:
    """Return what there is to say of a conversation: who it is, and how long."""
    people, said = len(speakers(item.conversation)), len(turns(item.conversation))
    parts = [f"Row {item.id}", *([counted(people, "speaker"), counted(said, "turn")] if people else [])]
    return ", ".join([*parts, counted(labelling.count_words(item.conversation), "word")])


@dataclass(frozen=True)
class Length:
    """How long a summary is, how long one usually is, and whether it is far from that."""

    text: str
    usual: str
    is_unusual: bool


def length(text: str, conversation: str, accepted: list[labelling.Item]) -> Length:
    """Return the length of a summary against the usual one for its conversation."""
    words = labelling.count_words(text)
    low, high = labelling.usual_words(conversation, accepted)
    own = len(accepted) >= labelling.ENOUGH_TO_COMPARE
    usual = f"{'Yours have' if own else 'Usual are'} {number(low)} to {counted(high, 'word')}"
    if words > high or 0 < words < low:
        usual = (
            f"{'Longer' if words > high else 'Shorter'} than usual: {number(low)} to {counted(high, 'word')}"
        )
    tokens = about_tokens(text)
    shown = f"{counted(words, 'word')}, about {counted(tokens, 'token')}" if words else "No words yet"
    return Length(shown, usual, words > high or 0 < words < low)


def to_go(accepted: int) -> str:
    """Return what is lacking before a run can use the summaries; nothing if there are enough."""
    lacking = labelling.ENOUGH_FOR_A_RUN - accepted
    if lacking <= 0:
        return ""
    return f"A run needs {labelling.ENOUGH_FOR_A_RUN} accepted summaries: {number(lacking)} to go."


def all_done(found: labelling.Progress) -> str:
    """Return what can be done once every conversation is decided; nothing before."""
    if found.open or found.drafted or not found.accepted:
        return ""
    skipped = ", or go through the skipped ones" if found.skipped else ""
    return f"Every conversation is decided. Use the summaries for the next run{skipped}."


def comparing(found: labelling.Progress) -> str:
    """Return what keeps conversations from coming in the order that was chosen."""
    count = counted(found.total, "conversation")
    return f"The words of {count} are being compared. Until then they come as given."


def read_in(left_out: dict[str, Any], brought: int) -> str:
    """Return which conversations of a source did not come into its set, and what came from the set before."""
    excluded = left_out.get("excluded") or {}
    named = "; ".join(f"{finding(one).title.lower()}: {number(count)}" for one, count in excluded.items())
    parts = [f"{number(sum(excluded.values()))} excluded as the data page says ({named})"] if excluded else []
    parts += [
        f"{number(left_out[kind])} {words}"
        for kind, words in (
            ("empty", "without words"),
            ("repeated", "that stood there before"),
            ("beyond", f"beyond the first {number(labelling.MOST_CONVERSATIONS)}"),
        )
        if left_out.get(kind)
    ]
    told = [f"Conversations left out: {', '.join(parts)}."] if parts else []
    if brought:
        told.append(
            f"What was done with {counted(brought, 'conversation')} of this source before is brought along."
        )
    return " ".join(told)
