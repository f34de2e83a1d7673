"""The texts of the blind comparison. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.api import voting
from gui.look.format import number_text
from gui.look.language import mark, tr, tr_count, translate
from gui.models.list_text import base_text, data_text, moment_text

VERDICTS = {
    "first": mark("{first} is preferred to {second}"),
    "second": mark("{second} is preferred to {first}"),
    "not_told_apart": mark("No measurable difference between {first} and {second}"),
    "too_few": mark("Too few votes to compare {first} with {second}"),
}


def name_of(system: voting.System) -> str:
    if system.tuned:
        return translate(system.name)
    return tr("the base model ({name})", name=base_text(system.name))


def comparison_titles(found: Sequence[voting.ComparisonInfo]) -> list[tuple[str, str]]:
    """Return the id and the title of each comparison; a title names no system."""
    now = datetime.now().astimezone()
    return [
        (
            each.id,
            tr(
                "{source}, {systems}, created {moment}",
                source=data_text(each.source),
                systems=tr_count(len(each.systems), "{n} system", "{n} systems"),
                moment=moment_text(datetime.fromisoformat(each.made_at), now),
            ),
        )
        for each in found
    ]


def subtitle(work: voting.Voting) -> str:
    """Return what is compared, without a name of a system."""
    conversations = tr_count(len(work.comparison.conversations), "{n} conversation", "{n} conversations")
    systems = tr_count(len(work.comparison.systems), "{n} system", "{n} systems")
    source = data_text(work.info.source)
    return tr(
        "{source}: {conversations}, {systems}", source=source, conversations=conversations, systems=systems
    )


def progress_text(progress: voting.Progress) -> str:
    """Return the progress in one line: "12 of 60 pairs, about 9 minutes left"."""
    pairs = tr("{done} of {goal} pairs", done=number_text(progress.done), goal=number_text(progress.goal))
    if progress.seconds_left is None:
        return pairs
    minutes = max(1, round(progress.seconds_left / 60))
    left = tr_count(minutes, "about {n} minute left", "about {n} minutes left")
    return f"{pairs}, {left}"


# Results


def verdict_title(work: voting.Voting, pair: voting.PairResult) -> str:
    """Return the verdict on two systems as a title."""
    first, second = (name_of(work.comparison.systems[index]) for index in (pair.first, pair.second))
    return tr(VERDICTS[pair.verdict], first=first, second=second)


def pair_text(work: voting.Voting, pair: voting.PairResult) -> str:
    """Return how two systems did against each other."""
    first, second = (name_of(work.comparison.systems[index]) for index in (pair.first, pair.second))
    tally = pair.tally
    return tr(
        "This pair: {wins} for {first}, {losses} for {second}, {ties} ties.",
        first=first,
        second=second,
        wins=number_text(tally.wins),
        losses=number_text(tally.losses),
        ties=number_text(tally.ties),
    )


def votes_text(found: voting.Results) -> str:
    """Return how many votes there are, of whom, and how they are counted."""
    votes = tr_count(found.votes, "{n} vote", "{n} votes")
    voters = tr_count(len(found.voters), "{n} voter", "{n} voters")
    text = tr(
        "{votes} by {voters}. A tie counts half. 95 % intervals over conversations.",
        votes=votes,
        voters=voters,
    )
    if not found.identical:
        return text
    ties = tr_count(
        found.identical, "{n} identical pair counts as a tie.", "{n} identical pairs count as ties."
    )
    return f"{text} {ties}"
