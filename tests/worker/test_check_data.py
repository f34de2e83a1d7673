"""What the data check finds, and that it needs no torch to find it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from engine import paths
from engine.errors import DataError, RecipeError
from engine.events import EventWriter, read_all
from engine.jobs import create_job
from engine.paths import jobs_folder
from engine.worker import check_data
from engine.worker.channel import Channel
from engine.worker.lengths import describe, histogram
from tests.helpers.shared_data import SAMSUM, T5_TOKENIZER, needs_samsum
from tests.helpers.tiny_models import tiny_model

Check = Callable[..., dict[str, Any]]


@pytest.fixture
def channel() -> Iterator[Channel]:
    job = create_job(jobs_folder(), "check_data", {})
    writer = EventWriter(job.events_path, {"job": job.id, "attempt": 1})
    yield Channel(job, writer)
    writer.close()


@pytest.fixture
def check(channel: Channel) -> Check:
    def run(source: Path | str, base_model: str | None = None, **values: Any) -> dict[str, Any]:
        check_data.run(channel, {"data": {"source": str(source), **values}, "base_model": base_model})
        results = [event for event in read_all(channel.job.events_path) if event["event"] == "result_made"]
        result: dict[str, Any] = results[-1]["result"]
        return result

    return run


def write(folder: Path, **splits: list[tuple[str, str]]) -> Path:
    folder.mkdir()
    for split, rows in splits.items():
        lines = [
            json.dumps({"id": f"{split}{n}", "dialogue": d, "summary": s}) for n, (d, s) in enumerate(rows)
        ]
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


@pytest.fixture
def talks(tmp_path: Path) -> Path:
    return write(
        tmp_path / "talks",
        train=[
            ("Ann: a", "x"),
            ("Ann: b", "y"),
            ("Ann: a", "z"),
            (" Ann: b\n", "w"),
            ("", "v"),
            ("Ann: c", " "),
        ],
        validation=[("Ann: a", "x"), ("Ann: d", "y")],
        test=[("Ann: d ", "x"), ("Ann: b", "y"), ("Ann: long " * 100, "z")],
    )


def test_counts_columns_and_rows(talks: Path, check: Check) -> None:
    result = check(talks)
    assert {split: found["examples"] for split, found in result["splits"].items()} == {
        "train": 4,
        "validation": 2,
        "test": 3,
    }
    assert result["columns"]["all"] == ["id", "dialogue", "summary"]
    assert (result["columns"]["conversation"], result["columns"]["summary"]) == ("dialogue", "summary")
    first = result["splits"]["train"]["rows"][0]
    assert (first["id"], first["conversation"], first["summary"]) == ("train0", "Ann: a", "x")
    assert len(result["splits"]["train"]["rows"]) == 6


def test_leaks_are_counted_between_splits(talks: Path, check: Check) -> None:
    assert check(talks)["leaks"] == [
        {"split": "test", "other": "train", "count": 1},
        {"split": "test", "other": "validation", "count": 1},
        {"split": "validation", "other": "train", "count": 1},
    ]


def test_findings_name_their_rows(talks: Path, check: Check) -> None:
    found = {(finding["split"], finding["id"]): finding for finding in check(talks)["findings"]}
    assert {key: finding["rows"] for key, finding in found.items()} == {
        ("train", "empty_conversation"): [5],
        ("train", "empty_summary"): [6],
        ("train", "duplicates"): [3],
    }
    assert found["train", "empty_conversation"]["text"] == (
        "No conversation in 1 row of train. Runs leave such rows out."
    )
    assert "1 more differ in the spaces around it only." in found["train", "duplicates"]["text"]


def test_lengths_are_those_of_the_base_models_tokenizer(talks: Path, check: Check) -> None:
    result = check(talks, base_model=str(tiny_model("llama")), max_conversation_tokens=100)
    assert result["tokens"]["exact"]
    # One token a byte.
    assert result["splits"]["test"]["lengths"]["conversation"]["max"] == len("Ann: long " * 100)
    assert result["splits"]["test"]["rows"][1]["conversation_tokens"] == len("Ann: b")
    [long] = [finding for finding in result["findings"] if finding["id"] == "long_conversation"]
    assert (long["split"], long["rows"]) == ("test", [3])


def test_lengths_are_estimated_without_a_tokenizer_and_it_is_said(
    talks: Path, check: Check, channel: Channel
) -> None:
    result = check(talks)
    assert not result["tokens"]["exact"]
    assert result["splits"]["test"]["lengths"]["conversation"]["max"] == 250
    notices = [event["message"] for event in read_all(channel.job.events_path) if event["event"] == "notice"]
    assert notices == ["No base model is named: token lengths are estimated, 4 characters a token."]


def test_result_of_long_conversations_fits_one_event(tmp_path: Path, check: Check) -> None:
    rows = [(f"Ann: {number} " + "très " * 3000, "x") for number in range(300)]
    result = check(write(tmp_path / "long", train=rows, validation=rows, test=rows))
    for split in result["splits"].values():
        assert split["examples"] == 300
        assert 1 <= len(split["rows"]) < 300
        assert all(len(row["conversation"]) <= check_data.MOST_CHARACTERS_SHOWN for row in split["rows"])


def test_missing_splits_are_no_trouble_for_a_look(tmp_path: Path, check: Check) -> None:
    result = check(write(tmp_path / "only", test=[("Ann: a", "x")]))
    assert list(result["splits"]) == ["test"]


def test_wrong_settings_and_wrong_data_are_told_apart(talks: Path, check: Check) -> None:
    with pytest.raises(RecipeError) as caught:
        check(talks, sumary="x")
    assert caught.value.problems[0].field == "data.sumary"
    with pytest.raises(DataError) as missing:
        check(talks, summary="sumary")
    assert missing.value.field == "data.summary"


@pytest.mark.parametrize(
    ("lengths", "edges", "counts"),
    [
        ([], [0, 1], [0]),
        ([0, 1, 1, 3], [0, 1, 2, 3, 4], [1, 2, 0, 1]),
        ([79, 5], list(range(0, 81, 2)), [0, 0, 1, *[0] * 36, 1]),
    ],
)
def test_histogram_has_round_edges_and_loses_nothing(
    lengths: list[int], edges: list[int], counts: list[int]
) -> None:
    assert histogram(lengths) == {"edges": edges, "counts": counts}


def test_describe_takes_lengths_that_occur() -> None:
    assert describe([]) == {"median": 0, "p95": 0, "max": 0}
    assert describe(range(1, 101)) == {"median": 50, "p95": 95, "max": 100}


def test_no_torch_is_imported() -> None:
    code = (
        "import sys, engine.worker.check_data, engine.worker.models;"
        "print([name for name in ('torch', 'transformers', 'peft') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=paths.application_root(), check=True
    )
    assert done.stdout.strip() == "[]"


@needs_samsum
def test_known_faults_of_samsum_are_found(check: Check) -> None:
    base_model = str(T5_TOKENIZER) if T5_TOKENIZER.exists() else None
    result = check(SAMSUM, base_model=base_model)
    assert {split: found["examples"] for split, found in result["splits"].items()} == {
        "train": 14731,
        "validation": 818,
        "test": 819,
    }
    assert result["leaks"] == [
        {"split": "test", "other": "train", "count": 42},
        {"split": "test", "other": "validation", "count": 4},
        {"split": "validation", "other": "train", "count": 47},
    ]
    duplicates = [finding for finding in result["findings"] if finding["id"] == "duplicates"]
    assert [(finding["split"], finding["count"]) for finding in duplicates] == [("train", 476)]
    assert "2 more" in duplicates[0]["text"]
    if base_model:
        lengths = result["splits"]["test"]["lengths"]["conversation"]
        assert (lengths["median"], lengths["p95"], lengths["max"]) == (120, 384, 752)
