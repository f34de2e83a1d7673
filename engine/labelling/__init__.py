"""Labelling: sets of conversations that a person summarises, their journal, and the data set made of them.

Knows nothing of models or windows, and imports neither torch nor datasets.
"""

from engine.labelling.export import export, write_rows
from engine.labelling.items import MIN_TO_COMPARE, Author, Draft, Item, State, Step, count_words, usual_words
from engine.labelling.sets import (
    ENOUGH_FOR_A_RUN,
    MAX_CONVERSATIONS,
    MIN_FOR_A_RUN,
    LabellingSet,
    Progress,
    SetInfo,
    create,
    distinct,
    find,
    fingerprint,
    known_items,
    list_sets,
    written,
)
