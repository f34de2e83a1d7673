import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.data import check_results
from engine.errors import DataError, RecipeError
from engine.jobs.events import read_all
from engine.system import paths
from engine.worker.ingestion.token_lengths import describe, histogram
from engine.worker.jobs import check_data
from engine.worker.validation import check_report
from tests.helpers.shared_data import SAMSUM, T5_TOKENIZER, needs_samsum
from tests.helpers.tiny_models import tiny_model

Check = Callable[..., dict[str, Any]]


@pytest.fixture
def check(channel):
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
def talks(tmp_path):
    return write(
        tmp_path / "talks",
        train=[
            ("Ann: a", "x"), ("Ann: b", "y"), ("Ann: a", "z"), (" Ann: b\n", "w"), ("", "v"), ("Ann: c", " "),
        ],
        validation=[("Ann: a", "x"), ("Ann: d", "y")],
        test=[("Ann: d ", "x"), ("Ann: b", "y"), ("Ann: long " * 100, "z")],
    )  # fmt: skip


def test_counts_columns_and_rows(talks, check):
    result = check(talks)
    assert {split: found["examples"] for split, found in result["splits"].items()} == {
        "train": 4, "validation": 2, "test": 3,
    }  # fmt: skip
    assert result["columns"]["all"] == ["id", "dialogue", "summary"]
    assert (result["columns"]["conversation"], result["columns"]["summary"]) == ("dialogue", "summary")
    first = result["splits"]["train"]["rows"][0]
    assert (first["id"], first["conversation"], first["summary"]) == ("train0", "Ann: a", "x")
    assert len(result["splits"]["train"]["rows"]) == 6


def test_leaks_are_counted_between_splits(talks, check):
    assert check(talks)["leaks"] == [
        {"split": "test", "other": "train", "count": 1, "rows": [2], "other_rows": [2, 4]},
        {"split": "test", "other": "validation", "count": 1, "rows": [1], "other_rows": [2]},
        {"split": "validation", "other": "train", "count": 1, "rows": [1], "other_rows": [1, 3]},
    ]


def test_findings_name_their_rows(talks, check):
    found = {(finding["split"], finding["id"]): finding for finding in check(talks)["findings"]}
    assert {key: finding["rows"] for key, finding in found.items()} == {
        ("train", "empty_conversation"): [5], ("train", "empty_summary"): [6], ("train", "duplicates"): [3],
        ("train", "leaks"): [1, 2, 3, 4], ("validation", "leaks"): [2],
    }  # fmt: skip
    assert found["train", "empty_conversation"]["text"] == (
        "No conversation in 1 row of train. Runs skip such rows."
    )
    assert "1 more differ only in spaces." in found["train", "duplicates"]["text"]


def test_lengths_are_those_of_the_base_models_tokenizer(talks, check):
    result = check(talks, base_model=str(tiny_model("llama")), max_conversation_tokens=100)
    assert result["tokens"]["exact"]
    # One token a byte.
    assert result["splits"]["test"]["lengths"]["conversation"]["max"] == len("Ann: long " * 100)
    assert result["splits"]["test"]["rows"][1]["conversation_tokens"] == len("Ann: b")
    [long] = [finding for finding in result["findings"] if finding["id"] == "long_conversation"]
    assert (long["split"], long["rows"]) == ("test", [3])


def test_lengths_of_many_rows_are_estimated_from_a_sample_and_it_is_said(talks, check, monkeypatch):
    monkeypatch.setattr(check_data, "MAX_COUNTED_ROWS", 3)
    tokens = check(talks, base_model=str(tiny_model("llama")))["tokens"]
    assert not tokens["exact"]
    assert tokens["words"].endswith(
        "Only 1 text in 100 and those near a limit are counted; the rest are estimated."
    )
    # What a run would leave out is counted.
    counted = check(talks, base_model=str(tiny_model("llama")), exclude=["long_conversation"])["tokens"]
    assert counted["exact"]


def test_lengths_are_estimated_without_a_tokenizer_and_it_is_said(talks, check, channel):
    result = check(talks)
    assert not result["tokens"]["exact"]
    assert result["splits"]["test"]["lengths"]["conversation"]["max"] == 250
    notices = [event["message"] for event in read_all(channel.job.events_path) if event["event"] == "notice"]
    assert notices == ["No base model is named: tokens are estimated, 4 characters each."]


def test_result_of_long_conversations_fits_one_event(tmp_path, check):
    rows = [(f"Ann: {number} " + "très " * 3000, "x") for number in range(60)]
    result = check(write(tmp_path / "long", train=rows, validation=rows, test=rows))
    for split in result["splits"].values():
        assert split["examples"] == 60
        assert 1 <= len(split["rows"]) < 60
        assert all(len(row["conversation"]) <= check_report.MAX_CHARACTERS_SHOWN for row in split["rows"])


def test_wrong_settings_and_wrong_data_are_told_apart(talks, check):
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
def test_histogram_has_round_edges_and_loses_nothing(lengths, edges, counts):
    assert histogram(lengths) == {"edges": edges, "counts": counts}


def test_describe_takes_lengths_that_occur():
    assert describe([]) == {"median": 0, "p95": 0, "max": 0}
    assert describe(range(1, 101)) == {"median": 50, "p95": 95, "max": 100}


def test_nothing_is_imported_that_takes_seconds():
    code = (
        "import sys, engine.worker.jobs.check_data, engine.worker.jobs.models, engine.worker.readers.workbook;"
        "import engine.worker.readers.columnar, engine.worker.jobs.label_data;"
        "print([name for name in ('torch', 'transformers', 'peft', 'datasets', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=paths.application_root(), check=True
    )
    assert done.stdout.strip() == "[]"


def test_every_finding_lists_all_its_rows_and_every_length_is_kept(tmp_path, check, channel):
    rows = [("Ann: " + "x" * (10 + number % 7), "longer than the conversation is") for number in range(300)]
    result = check(write(tmp_path / "many", train=rows), base_model=str(tiny_model("llama")))
    [finding] = [found for found in result["findings"] if found["id"] == "summary_longer"]
    assert (finding["count"], len(finding["rows"])) == (300, check_report.MAX_ROWS_NAMED)
    found = check_results.read(Path(result["details"]))
    assert Path(result["details"]) == channel.job.folder
    assert found.findings["summary_longer"] == {"train": tuple(range(1, 301))}
    assert len(found.findings["duplicates"]["train"]) == 293
    lengths = [15 + number % 7 for number in range(300)]
    for limit in (8, 14, 15, 18, 21, 22, 500):
        assert found.cut("train", "conversation", limit) == sum(length > limit for length in lengths)
    # A summary of 31 tokens has its end token beside them.
    assert [found.cut("train", "summary", limit) for limit in (31, 32)] == [300, 0]
    last = found.row("train", 300)
    assert last is not None
    assert (last.conversation, last.summary, last.conversation_tokens) == (*rows[299], lengths[299])


def test_where_a_limit_cuts_a_conversation_is_where_a_run_cuts_it(tmp_path, check):
    from engine.worker.dataset.prompter import Prompter
    from engine.worker.modeling.base_models import read_tokenizer

    talk = "Zoë: did you see it? 🙂\nBob: yes, twice\nZoë: naïve…"
    result = check(write(tmp_path / "one", train=[(talk, "x")]), base_model="starter")
    row = check_results.read(Path(result["details"])).row("train", 1)
    assert row is not None
    tokenizer = read_tokenizer(paths.starter_folder(), "starter")
    for limit in range(1, row.conversation_tokens + 2):
        prompter = Prompter(tokenizer, "encoder-decoder", "{conversation}", limit, 8)
        assert talk[: row.kept_characters(limit)].rstrip() == prompter.truncated(talk).rstrip()


def test_what_is_excluded_is_counted_and_still_listed(talks, check):
    before, result = check(talks), check(talks, exclude=["leaks", "duplicates"])
    assert result["splits"]["train"]["examples"] == 0
    assert result["splits"]["validation"]["examples"] == 1
    assert result["excluded"] == {"train": {"leaks": 4}, "validation": {"leaks": 1}}
    duplicates = [found for found in result["findings"] if found["id"] == "duplicates"]
    assert [(found["count"], found["excluded"]) for found in duplicates] == [(1, True)]
    assert duplicates[0]["text"].endswith("data.exclude skips them.")
    assert result["fingerprint"] != before["fingerprint"]


def test_personal_data_is_counted_and_gone_once_it_is_masked(tmp_path, check):
    source = write(tmp_path / "p", train=[("Ann: a@b.org, c@d.org", "x"), ("Ann: 07911 123456", "y")])
    found = {finding["id"]: finding["text"] for finding in check(source)["findings"]}
    assert found["email"] == (
        "Possibly an e-mail address in 1 row of train. 2 places. "
        'data.mask = ["email"] replaces it by [e-mail].'
    )
    assert "phone" in found
    masked = check(source, mask=["email"])
    assert [finding["id"] for finding in masked["findings"]] == ["phone"]
    assert masked["masked"] == {"email": 2}
    assert masked["splits"]["train"]["rows"][0]["conversation"] == "Ann: [e-mail], [e-mail]"


@pytest.mark.slow("engine/worker/validation/", "engine/worker/readers/", "engine/worker/ingestion/")
@needs_samsum
def test_known_faults_of_samsum_are_found(check):
    base_model = str(T5_TOKENIZER) if T5_TOKENIZER.exists() else None
    result = check(SAMSUM, base_model=base_model)
    assert {split: found["examples"] for split, found in result["splits"].items()} == {
        "train": 14731, "validation": 818, "test": 819,
    }  # fmt: skip
    assert [(leak["split"], leak["other"], leak["count"]) for leak in result["leaks"]] == [
        ("test", "train", 42), ("test", "validation", 4), ("validation", "train", 47),
    ]  # fmt: skip
    duplicates = [finding for finding in result["findings"] if finding["id"] == "duplicates"]
    assert [(finding["split"], finding["count"]) for finding in duplicates] == [("train", 476)]
    assert "2 more" in duplicates[0]["text"]
    if base_model:
        lengths = result["splits"]["test"]["lengths"]["conversation"]
        assert (lengths["median"], lengths["p95"], lengths["max"]) == (120, 384, 752)


def test_conversations_that_all_wait_for_a_summary_are_measured_and_looked_through(tmp_path, check):
    said = ["Ann: Tea?\nBob: Yes", "Ann: Tea?\nBob: Yes", "Ann: write to ann@example.org", ""]
    result = check(write(tmp_path / "talks", train=[(text, "") for text in said]))
    assert result["unlabelled"] == 3
    train = result["splits"]["train"]
    assert (train["examples"], train["turns"]["max"], train["lengths"]["summary"]["max"]) == (0, 2, 0)
    assert train["lengths"]["conversation"]["max"] > 0
    counts = {entry["id"]: entry["count"] for entry in result["findings"]}
    assert counts == {"empty_conversation": 1, "empty_summary": 3, "duplicates": 1, "email": 1}
