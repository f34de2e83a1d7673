"""Writing summaries for conversations that have none: sets, what was done in them, and the data set they end in.

Knows nothing of models or windows, and imports neither torch nor datasets.
"""

from engine.labelling.export import export, write_rows
from engine.labelling.history import Step
from engine.labelling.items import Author, Draft, Item, State
from engine.labelling.novelty import Novelty
from engine.labelling.order import ENOUGH_TO_COMPARE, ORDERS, Order, count_words, ordered, usual_words
from engine.labelling.sets import (
    ENOUGH_FOR_A_RUN,
    MOST_CONVERSATIONS,
    About,
    LabellingSet,
    Progress,
    create,
    distinct,
    done_before,
    find,
    fingerprint,
    list_sets,
)

__all__ = [
    "ENOUGH_FOR_A_RUN",
    "ENOUGH_TO_COMPARE",
    "MOST_CONVERSATIONS",
    "ORDERS",
    "About",
    "Author",
    "Draft",
    "Item",
    "LabellingSet",
    "Novelty",
    "Order",
    "Progress",
    "State",
    "Step",
    "count_words",
    "create",
    "distinct",
    "done_before",
    "export",
    "find",
    "fingerprint",
    "list_sets",
    "ordered",
    "usual_words",
    "write_rows",
]
