"""The texts of the labelling page about sets, conversations and steps. Knows no widget."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from engine.api import SAMPLE, STARTER, finding, labelling, speakers, turns
from gui.look.format import clock_text, number_text
from gui.look.language import ENGLISH, mark, spoken, tr, tr_count, translate
from gui.models.list_text import data_text
from gui.pages.playground.column_results import about_tokens

PLAYGROUND = "playground"
# As stored in the set's file, in every language.
PLAYGROUND_NAME = mark("Playground conversations")
# What undo and redo say of a step, by its kind.
STEPS = {
    "written": mark("written"),
    "accepted": mark("accepted"),
    "skipped": mark("skipped"),
    "drafted": mark("draft of {name}"),
    "bundled": mark("draft of the practice model"),
    "edited": mark("draft edited"),
    "emptied": mark("emptied"),
}
LEFT_OUT: dict[str, Callable[[int], str]] = {
    "empty": lambda count: tr("{count} empty", count=number_text(count)),
    "repeated": lambda count: tr_count(count, "{n} duplicate", "{n} duplicates"),
    "beyond": lambda count: tr(
        "{count} beyond the limit of {most}",
        count=number_text(count),
        most=number_text(labelling.MAX_CONVERSATIONS),
    ),
}


@dataclass(frozen=True)
class Status:
    """The state of a summary: text, icon (or none) and colour."""

    text: str
    icon: str
    token: str


def _draft_name(draft: labelling.Draft) -> str:
    """Return the name of the model that wrote a draft; "" for the bundled one."""
    if draft.adapter is not None:
        return draft.name or draft.adapter
    return "" if draft.base_model == STARTER else draft.base_model


def status(item: labelling.Item) -> Status:
    """Return the state of a conversation's summary; a draft stays marked as one until accepted."""
    if item.state == "accepted":
        return Status(tr("Accepted, {author}", author=author(item)), "check", "accent")
    if item.state == "skipped":
        return Status(tr("Skipped, not in the data set"), "minus", "muted")
    if item.draft is not None and item.state == "drafted":
        return Status(tr("Not accepted yet: {author}", author=author(item)), "edit", "muted")
    if item.text.strip():
        return Status(tr("Not accepted. Saved as you type"), "edit", "muted")
    return Status(tr("Not written yet"), "edit", "muted")


def state(item: labelling.Item) -> Status:
    """Return the state of a conversation in a word or two, for the list."""
    if item.state == "accepted":
        return Status(tr("Accepted"), "check", "accent")
    if item.state == "skipped":
        return Status(tr("Skipped"), "minus", "hint")
    if item.state == "drafted":
        return Status(tr("Draft"), "edit", "muted")
    return Status(tr("Started"), "edit", "muted") if item.text.strip() else Status(tr("To do"), "", "hint")


def author(item: labelling.Item) -> str:
    """Return the author of a summary, as part of a sentence."""
    if item.draft is None:
        return tr("from the source") if item.written_by == "source" else tr("written by you")
    name = _draft_name(item.draft)
    if item.written_by == "draft":
        return tr("a draft of {name}", name=name) if name else tr("a draft of the practice model")
    return tr("an edited draft of {name}", name=name) if name else tr("an edited draft of the practice model")


def step_text(step: labelling.Step) -> str:
    """Return what a step did, within a line."""
    name = _draft_name(step.after.draft) if step.after.draft is not None else ""
    kind = step.event
    if kind == "drafted" and not name:
        kind = "bundled"
    elif kind == "written" and not step.after.text:
        kind = "emptied"
    elif kind == "written" and step.before.draft is not None:
        kind = "edited"
    return tr(STEPS[kind], name=name)


def _words(count: int) -> str:
    return tr_count(count, "{n} word", "{n} words")


def progress(found: labelling.Progress) -> str:
    """Return the progress of a set: "4 of 340 accepted, 2 drafts, 12 skipped, 10 needed for a run"."""
    accepted, total = number_text(found.accepted), number_text(found.total)
    parts = [tr("{accepted} of {total} accepted", accepted=accepted, total=total)]
    parts += [tr_count(found.drafted, "{n} draft", "{n} drafts")] if found.drafted else []
    parts += [tr("{count} skipped", count=number_text(found.skipped))] if found.skipped else []
    if found.accepted < labelling.ENOUGH_FOR_A_RUN:
        parts.append(tr("{count} needed for a run", count=number_text(labelling.ENOUGH_FOR_A_RUN)))
    return ", ".join(parts)


def about_set(about: labelling.SetInfo, sittings: int) -> str:
    """Return the source of a set and its number of sessions."""
    source, moment = source_text(about.source), clock_text(about.made_at)
    parts = [tr("From {source}, started {moment}", source=source, moment=moment)]
    parts += [tr_count(sittings, "{n} session", "{n} sessions")] if sittings > 1 else []
    return ", ".join(parts)


def source_text(source: str) -> str:
    """Return the source of conversations within a line: the name of the file or dataset."""
    return {PLAYGROUND: tr("playground"), SAMPLE: tr("sample")}.get(source, source)


def set_name(about: labelling.SetInfo) -> str:
    """Return the name of a set, translated if the program gave it."""
    if about.source == PLAYGROUND:
        return tr(PLAYGROUND_NAME)
    return data_text(SAMPLE) if about.source == SAMPLE else about.name


def set_titles(sets: Sequence[labelling.SetInfo]) -> list[tuple[str, str]]:
    """Return (id, title) pairs of sets; equal names get the time they were made."""
    names = Counter(map(set_name, sets))
    return [
        (about.id, f"{name} ({clock_text(about.made_at)})" if names[name] > 1 else name)
        for about in sets
        for name in (set_name(about),)
    ]


def about_conversation(item: labelling.Item) -> str:
    """Return a conversation's row, speakers, turns and length."""
    people, said = len(speakers(item.conversation)), len(turns(item.conversation))
    parts = [tr("Row {row}", row=item.id)]
    if people:
        parts += [tr_count(people, "{n} speaker", "{n} speakers"), tr_count(said, "{n} turn", "{n} turns")]
    return ", ".join([*parts, _words(labelling.count_words(item.conversation))])


@dataclass(frozen=True)
class Length:
    """The length of a summary, the usual length, and whether they differ much."""

    text: str
    usual: str
    is_unusual: bool


def length(text: str, conversation: str, accepted: list[labelling.Item]) -> Length:
    """Compare the length of a summary with the usual one for its conversation."""
    count = labelling.count_words(text)
    low, high = labelling.usual_words(conversation, accepted)
    minimum, maximum = number_text(low), _words(high)
    if count > high:
        usual = tr("Longer than typical: {least} to {most}", least=minimum, most=maximum)
    elif 0 < count < low:
        usual = tr("Shorter than typical: {least} to {most}", least=minimum, most=maximum)
    elif len(accepted) >= labelling.MIN_TO_COMPARE:
        usual = tr("Your typical length: {least} to {most}", least=minimum, most=maximum)
    else:
        usual = tr("Typical length: {least} to {most}", least=minimum, most=maximum)
    tokens = tr_count(about_tokens(text), "about {n} token", "about {n} tokens")
    shown = f"{_words(count)}, {tokens}" if count else tr("No text yet")
    return Length(shown, usual, count > high or 0 < count < low)


def to_go(accepted: int) -> str:
    """Return how many more summaries a run needs; "" if it can be started."""
    lacking = labelling.MIN_FOR_A_RUN - accepted
    if lacking <= 0:
        return ""
    minimum = number_text(labelling.MIN_FOR_A_RUN)
    return tr(
        "A run needs {least} accepted summaries: {lacking} more.", least=minimum, lacking=number_text(lacking)
    )


def corrected(count: int) -> str:
    """Return how many summaries were taken over that were corrected in the playground; "" for none."""
    if not count:
        return ""
    return tr_count(
        count,
        "{n} summary corrected in the playground is accepted.",
        "{n} summaries corrected in the playground are accepted.",
    )


def few(accepted: int) -> str:
    """Return what a run of so few summaries can't do; "" if there are enough, or too few for any run."""
    if to_go(accepted) or accepted >= labelling.ENOUGH_FOR_A_RUN:
        return ""
    return tr(
        "A run learns little from {count} summaries. Use them as examples in the prompt (Prompt only).",
        count=number_text(accepted),
    )


def all_done(found: labelling.Progress) -> str:
    """Return what to do next once every conversation is decided; "" before."""
    if found.open or found.drafted or not found.accepted:
        return ""
    if found.skipped:
        return tr("All done. Use the summaries for the next run, or review the skipped ones.")
    return tr("All done. Use the summaries for the next run.")


def advice(found: labelling.Progress) -> str:
    """Return what to know before the summaries are used; "" for nothing."""
    return few(found.accepted) or all_done(found)


def read_in(left_out: dict[str, Any], brought: int) -> str:
    """Return what was left out of a set, and what was carried over from the earlier set."""
    excluded = left_out.get("excluded") or {}
    parts = []
    if excluded:
        named = "; ".join(f"{_finding_title(one)}: {number_text(count)}" for one, count in excluded.items())
        total = number_text(sum(excluded.values()))
        parts.append(tr("{count} excluded in Data sets ({named})", count=total, named=named))
    parts += [describe(left_out[kind]) for kind, describe in LEFT_OUT.items() if left_out.get(kind)]
    sentences = [tr("Skipped: {parts}.", parts=", ".join(parts))] if parts else []
    if brought:
        sentences.append(
            tr_count(
                brought,
                "An earlier summary of {n} conversation was carried over.",
                "Earlier summaries of {n} conversations were carried over.",
            )
        )
    return " ".join(sentences)


def _finding_title(finding_id: str) -> str:
    """Return the title of a finding within a line; English starts it in lower case."""
    title = finding(finding_id).title
    return title.lower() if spoken() == ENGLISH else translate(title)
