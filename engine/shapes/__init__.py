"""From the rows of a table to examples: which shape the rows have, and what they are in it.

Pure functions over plain values; knows nothing of files, splits, tokens or models.
"""

from engine.shapes.guessing import guess
from engine.shapes.mapping import KEYS, PAUSE_HOURS, pause_hours, problems
from engine.shapes.names import AUTO
from engine.shapes.shape import Kind, Record, Shape, Shaped
from engine.shapes.splits import SPLIT_WORDS, SPLITS, Split, split_called

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
