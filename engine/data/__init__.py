"""From the rows of a table to examples: which shape the rows have, and what they are in it.

Pure functions over plain values; knows nothing of files, splits, tokens or models.
"""

from engine.data.column_mapping import KEYS, PAUSE_HOURS, pause_hours, problems
from engine.data.column_names import AUTO
from engine.data.schema import Kind, Record, Shape, Shaped
from engine.data.schema_inference import guess
from engine.data.splits import SPLIT_WORDS, SPLITS, Split, split_called

__all__ = [
    "AUTO",
    "KEYS",
    "PAUSE_HOURS",
    "SPLITS",
    "SPLIT_WORDS",
    "Kind",
    "Record",
    "Shape",
    "Shaped",
    "Split",
    "guess",
    "pause_hours",
    "problems",
    "split_called",
]
