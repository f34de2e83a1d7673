"""Blind comparison: votes on pairs of summaries without names, Bradley–Terry strengths, preference pairs.

Knows nothing of windows, and imports neither torch nor datasets.
"""

from engine.voting.comparisons import (
    Comparison,
    ComparisonInfo,
    Conversation,
    System,
    create,
    delete,
    find,
    list_comparisons,
    load,
    open_shared,
    restore_comparison,
    share,
)
from engine.voting.outcomes import Probability, Tally
from engine.voting.pairing import Question
from engine.voting.preference_pairs import export
from engine.voting.preferences import Preferences, Preferred, of_runs, stamp
from engine.voting.results import PairResult, Results, SystemResult, results
from engine.voting.session import USUAL_PAIRS, Progress, Voting
from engine.voting.systems import Source, common, compare, external_id, source
from engine.voting.votes import Choice, Vote, Votes, read_votes

__all__ = [
    "USUAL_PAIRS",
    "Choice",
    "Comparison",
    "ComparisonInfo",
    "Conversation",
    "PairResult",
    "Preferences",
    "Preferred",
    "Probability",
    "Progress",
    "Question",
    "Results",
    "Source",
    "System",
    "SystemResult",
    "Tally",
    "Vote",
    "Votes",
    "Voting",
    "common",
    "compare",
    "create",
    "delete",
    "export",
    "external_id",
    "find",
    "list_comparisons",
    "load",
    "of_runs",
    "open_shared",
    "read_votes",
    "restore_comparison",
    "results",
    "share",
    "source",
    "stamp",
]
