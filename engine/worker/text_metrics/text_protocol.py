"""The part of a score's protocol that holds for summaries of any origin: conversations and metric."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.config.recipe import public_name
from engine.text.conversations import Example
from engine.worker.dataset import dataset
from engine.worker.ingestion.sources import Split
from engine.worker.text_metrics import rouge, summary_metrics

Protocol = dict[str, Any]


def scored_texts(
    source: str,
    split: str,
    examples: Sequence[Example],
    languages: Sequence[str],
    shots: Sequence[Example] = (),
) -> Protocol:
    """Return the protocol of examples, in whose `languages` the metric reads words; `shots` are in the prompt."""
    parts: dict[Split, Sequence[Example]] = {"train": shots, "validation": (), "test": examples}
    max_references = max((len(summary_metrics.references(example)) for example in examples), default=1)
    return {
        "split": split,
        "examples": len(examples),
        "data": {"source": public_name(source), "fingerprint": dataset.fingerprint(parts)},
        "metric": rouge.protocol(languages),
        # Absent without further references, so that scores of plain data keep their protocol.
        **({"references": {"most": max_references, "counted": "best"}} if max_references > 1 else {}),
    }
