"""The job `score`: scores summaries that any other system wrote, from files.

Scored are the conversations of a source, or those that a run of an arena was scored on. A file that does not match
them is refused before the libraries of scores are imported.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

from engine.config.data_options import checked
from engine.config.training import AUTO
from engine.data import Row
from engine.errors import DataError
from engine.messages import counted, say
from engine.runs import example_scores
from engine.runs.example_scores import ExampleScores
from engine.text.conversations import Example
from engine.worker.dataset.dataset import select
from engine.worker.ingestion import predictions
from engine.worker.ingestion.predictions import Predictions
from engine.worker.ingestion.sources import SPLITS
from engine.worker.runtime.channel import Channel
from engine.worker.text_metrics import prediction_matching
from engine.worker.text_metrics.example_languages import tell_languages
from engine.worker.text_metrics.prediction_matching import Conversations, Matches, match
from engine.worker.validation.scan import exclude_rows

PREDICTIONS, AGAINST = "--predictions", "--against"
ALL = "all"


@dataclass(frozen=True)
class _Matched:
    """A file's summaries, and the conversations that they match."""

    predictions: Predictions
    matches: Matches


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Score the file `predictions`, against the file `against` or the base model of the run in `run_folder`."""
    channel.enter("read_data")
    run_scores = _run_scores(request)
    source, conversations = (
        _of_run(run_scores)
        if run_scores is not None
        else _of_source(channel, request["data"], request["split"])
    )
    first = _matched(channel, request, "predictions", PREDICTIONS, conversations)
    second = _matched(channel, request, "against", AGAINST, conversations) if request.get("against") else None
    common = _common(channel, first, second)
    examples = [conversations.rows[index].example for index in common]
    summaries = [first.matches.summaries[index] for index in common]
    if prediction_matching.is_out_of_order(examples, summaries):
        channel.notice(
            say(
                "The summaries in {} match other conversations no worse than their own.",
                first.predictions.name,
            ),
            "Check their order or ids.",
            "warning",
        )
    channel.enter("evaluate")
    # Imports evaluate, for which a file that can't be scored need not wait.
    from engine.worker.text_metrics import file_scores

    scored = file_scores.Scored(source, request.get("split", ""), examples, request["bootstrap"])
    rows = {"rows": first.matches.as_dict()}
    if run_scores is not None:
        result = file_scores.against_base(channel, scored, summaries, run_scores, common)
    else:
        other = [second.matches.summaries[index] for index in common] if second else None
        languages = tell_languages(examples, request.get("language", AUTO))
        result = file_scores.against_file(channel, scored, languages, summaries, other)
    channel.result(result | rows)


# ------------------------------------------------------------------------------------------ conversations


def _run_scores(request: dict[str, Any]) -> ExampleScores | None:
    """Return the scores of a run. Raises DataError if they can't be read, or hold no conversations."""
    folder = request.get("run_folder")
    if not folder:
        return None
    scores = example_scores.load(Path(folder))
    if scores is None or not scores.texts:
        raise DataError(
            "The arena's scored conversations can't be read.",
            "Run an entry again to store its scores with conversations.",
            "run",
        )
    return scores


def _of_run(scores: ExampleScores) -> tuple[str, Conversations]:
    rows = [
        Row(Example(name, texts.conversation, texts.references[0], tuple(texts.references[1:])), (number,))
        for number, (name, texts) in enumerate(zip(scores.examples, scores.texts, strict=True), start=1)
    ]
    return "", Conversations(rows, "of the arena")


def _of_source(channel: Channel, table: dict[str, Any], split: str) -> tuple[str, Conversations]:
    """Return the rows of a split of a source, as a run reads them, or of all splits. Raises DataError."""
    options = checked(table)
    needs = [each for each in SPLITS if split == each]
    selection = select(options, channel, needs=needs)
    remaining = exclude_rows(selection.rows, options, None, channel.check_stop).rows
    if split == ALL:
        rows: Sequence[Row] = list(chain.from_iterable(remaining[each] for each in SPLITS))
        if None in selection.source.files:
            # The splits of one file were drawn from it.
            rows = sorted(rows, key=lambda row: row.number)
        title = "of the data"
    else:
        rows, title = list(remaining[needs[0]]), say("of the {} split", split)
    if not any(row.missing is None for row in rows):
        raise DataError(
            say("{} has no conversation {} with a reference.", selection.source.name, title),
            "Choose another split with --split.",
            "data.source",
        )
    total = sum(map(len, selection.rows.values()))
    hint = ""
    if None in selection.source.files and total != len(rows):
        hint = say("The data has {:,} conversations in all: use --split all.", total)
    return selection.source.name, Conversations(rows, title, hint)


# ----------------------------------------------------------------------------------------------- matching


def _matched(
    channel: Channel, request: dict[str, Any], key: str, field: str, conversations: Conversations
) -> _Matched:
    """Return a file's summaries with their conversations; report what does not match."""
    file = predictions.read(Path(request[key]), field, request.get("column") or predictions.COLUMN)
    matches = match(file, conversations)
    for sentence in prediction_matching.remarks(matches, file, conversations):
        channel.notice(sentence, level="warning")
    empty = sum(not text for text in matches.summaries.values())
    if empty:
        summaries = counted(empty, "summary", "summaries")
        channel.notice(
            say("Empty in {}: {} of {:,}.", file.name, summaries, len(matches.summaries)),
            "An empty summary scores 0.",
            "warning",
        )
    return _Matched(file, matches)


def _common(channel: Channel, first: _Matched, second: _Matched | None) -> list[int]:
    """Return the conversations that both files have a summary of. Raises DataError if there is none."""
    own = first.matches.summaries
    if second is None:
        return list(own)
    common = [index for index in own if index in second.matches.summaries]
    one, other = first.predictions.name, second.predictions.name
    if not common:
        raise DataError(
            say("{} and {} share no conversation.", one, other),
            "Give summaries of the same conversations.",
            AGAINST,
        )
    if len(common) < max(len(own), len(second.matches.summaries)):
        channel.notice(
            say("{} and {} are compared on {:,} shared conversations.", one, other, len(common)),
            "Conversations with a summary in only one of them are not scored.",
            "warning",
        )
    return common
