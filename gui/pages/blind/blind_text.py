"""The texts of the blind comparison. Knows no widget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.api import voting
from gui.look.format import number_text, percent
from gui.look.language import mark, tr, tr_count, translate
from gui.models.list_text import base_text, data_text, moment_text

MAX_LEFT_OUT = 3
MANY_MORE = 1_000
VERDICTS = {
    "first": mark("{first} is preferred to {second}"),
    "second": mark("{second} is preferred to {first}"),
    "not_told_apart": mark("{first} and {second} can't be told apart"),
    "too_few": mark("Too few votes to compare {first} with {second}"),
}


def name_of(system: voting.System) -> str:
    """Return the name of a system as shown."""
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
                "{source}, {systems}, made {moment}",
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


def probability_text(found: voting.Probability) -> str:
    """Return a probability with its interval: "71 %, interval 60 to 81 %"."""
    low, high = number_text(found.low * 100, 0), percent(found.high)
    return tr("{mean}, interval {low} to {high}", mean=percent(found.mean), low=low, high=high)


def pair_text(work: voting.Voting, pair: voting.PairResult) -> str:
    """Return how two systems did against each other, and whether more votes would help."""
    first, second = (name_of(work.comparison.systems[index]) for index in (pair.first, pair.second))
    tally = pair.tally
    counts = tr(
        "Votes on this pair: {wins} for {first}, {losses} for {second}, {ties} for neither.",
        first=first,
        second=second,
        wins=number_text(tally.wins),
        losses=number_text(tally.losses),
        ties=number_text(tally.ties),
    )
    return f"{counts} {more_text(pair.more)}".strip()


def more_text(more: voting.MoreVotes) -> str:
    """Return how many more votes would tell two systems apart."""
    if more.needed == "too_few":
        return tr_count(
            more.count, "At least {n} more vote on it is needed.", "At least {n} more votes on it are needed."
        )
    if more.needed == "votes":
        return tr_count(
            more.count,
            "If it goes on like this, about {n} more vote on it would tell them apart.",
            "If it goes on like this, about {n} more votes on it would tell them apart.",
        )
    if more.needed == "may_be_alike":
        return tr(
            "They may be alike: even {count} more votes on it would hardly tell them apart.",
            count=number_text(MANY_MORE),
        )
    return ""


def votes_text(found: voting.Results) -> str:
    """Return how many votes there are, and of whom."""
    votes = tr_count(found.votes, "{n} vote", "{n} votes")
    voters = tr_count(len(found.voters), "{n} voter", "{n} voters")
    return tr(
        "{votes} by {voters}. A tie counts as half. Intervals are 95 %, over conversations.",
        votes=votes,
        voters=voters,
    )


def reliability(found: voting.Results) -> list[str]:
    """Return sentences on how far the votes can be relied on."""
    said = [_agreement_with_self(found.with_self)]
    if found.with_others.total:
        said.append(
            tr(
                "Voters agree with each other on {alike} of {total} answers to the same pair ({fraction}).",
                **_shares(found.with_others),
            )
        )
    if found.decided:
        said.append(
            tr(
                "The first summary was preferred in {fraction} of the decided votes. Sides are random, so about "
                "half is expected.",
                fraction=percent(found.left / found.decided),
            )
        )
    if found.identical:
        said.append(
            tr_count(
                found.identical,
                "{n} pair of identical summaries counts as a tie without a vote.",
                "{n} pairs of identical summaries count as ties without a vote.",
            )
        )
    return said


def _agreement_with_self(found: voting.Agreement) -> str:
    if not found.total:
        return tr("No pair was repeated yet, so agreement with yourself is unknown.")
    return tr(
        "Repeated pairs, with sides swapped, were judged alike {alike} of {total} times ({fraction}).",
        **_shares(found),
    )


def _shares(found: voting.Agreement) -> dict[str, str]:
    return {
        "alike": number_text(found.alike),
        "total": number_text(found.total),
        "fraction": percent(found.alike / found.total),
    }


# Files


def left_out_text(left_out: Sequence[tuple[str, voting.LeftOut]]) -> str:
    """Return which lines of files of votes were left out, and why."""
    if not left_out:
        return ""
    named = "; ".join(
        tr(
            "{file}, line {line}: {reason}",
            file=name,
            line=number_text(each.line),
            reason=translate(each.reason),
        )
        for name, each in left_out[:MAX_LEFT_OUT]
    )
    more = "" if len(left_out) <= MAX_LEFT_OUT else " …"
    counted = tr_count(len(left_out), "{n} line was left out", "{n} lines were left out")
    return f"{counted} ({named}{more})."


def merged_text(merged: voting.Merged) -> str:
    """Return what was taken over from files of other voters."""
    votes = sum(merged.added.values())
    said = [
        tr_count(
            votes,
            "{n} vote of {voters} was added.",
            "{n} votes of {voters} were added.",
            voters=", ".join(merged.added),
        )
        if votes
        else tr("No vote was added.")
    ]
    if merged.doubles:
        said.append(tr_count(merged.doubles, "{n} was known already.", "{n} were known already."))
    return " ".join(filter(None, [*said, left_out_text(merged.left_out)]))
