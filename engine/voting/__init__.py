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
    restore_comparison,
)
from engine.voting.results import (
    PairResult,
    Preferences,
    Preferred,
    Results,
    SystemResult,
    Tally,
    export,
    of_runs,
    results,
    stamp,
)
from engine.voting.session import USUAL_PAIRS, Progress, Voting
from engine.voting.systems import Source, common, compare, external_id, source
from engine.voting.votes import Choice, Probability, Question, Vote, Votes, read_votes
