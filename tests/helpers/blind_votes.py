"""Blind comparisons on disk, and voters who follow a rule."""

from collections.abc import Callable

from engine import voting
from engine.voting import Comparison, ComparisonInfo, Question, Voting
from engine.voting.comparisons import Conversation, System

Rule = Callable[[Comparison, Question], voting.Choice]


def conversations(count: int, systems: int, identical_every: int = 0) -> list[Conversation]:
    """Return conversations whose summaries name their system; of every n-th one all summaries are the same."""
    found = []
    for index in range(count):
        same = bool(identical_every) and index % identical_every == 0
        texts = tuple(f"Summary {0 if same else system} of {index}." for system in range(systems))
        talk = f"Ann: Shall we meet at {index}?\nBo: Yes, at the station."
        found.append(Conversation(id=f"c{index}", conversation=talk, summaries=texts))
    return found


def made(count: int = 40, systems: int = 2, identical_every: int = 0) -> ComparisonInfo:
    """Make a comparison of systems called Alpha, Bravo …"""
    names = ("Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot")[:systems]
    named = [
        System(name=name, run=f"run-{name.lower()}", template="Sum up: {conversation}") for name in names
    ]
    return voting.create(named, conversations(count, systems, identical_every), source="chats.csv")


def best_first(_comparison: Comparison, question: Question) -> voting.Choice:
    """Prefer the system with the smaller index."""
    return "left" if question.left < question.right else "right"


def vote_all(opened: Voting, rule: Rule = best_first, most: int = 10_000) -> list[voting.Vote]:
    """Vote by a rule until nothing is asked, or at most so many times."""
    cast = []
    while (question := opened.question) is not None and len(cast) < most:
        cast.append(opened.vote(rule(opened.comparison, question), seconds=8.0))
    return cast


def voted_on(*run_ids: str, reveals: bool = True) -> ComparisonInfo:
    """Make a comparison of runs in which each is preferred to those after it, with its names out."""
    systems = [System(name=f"System of {run_id}", run=run_id) for run_id in run_ids]
    info = voting.create(systems, conversations(40, len(systems)), source="chats.csv")
    opened = Voting(info, "Ann")
    opened.set_goal(10_000)
    vote_all(opened)
    if reveals:
        opened.reveal()
    opened.close()
    return info
