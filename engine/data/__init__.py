"""Turns the rows of a table into examples, by a schema that is given or inferred.

Pure functions over plain values; knows nothing of files, splits, tokens or models.
"""

from engine.data import column_names
from engine.data.column_mapping import KEYS, PAUSE_HOURS, pause_hours, problems
from engine.data.column_names import AUTO
from engine.data.schema import NOWHERE, Kind, Place, Record, Row, Schema
from engine.data.schema_inference import infer_schema
from engine.data.splits import SPLITS, Split, split_in, split_named, told_apart

__all__ = [
    "AUTO",
    "KEYS",
    "NOWHERE",
    "PAUSE_HOURS",
    "SPLITS",
    "Kind",
    "Place",
    "Record",
    "Row",
    "Schema",
    "Split",
    "column_names",
    "infer_schema",
    "pause_hours",
    "problems",
    "split_in",
    "split_named",
    "told_apart",
]
