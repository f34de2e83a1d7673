"""What excluding and masking leave of the data that a run reads."""

import json
from pathlib import Path
from typing import Any

from engine.config.data_options import DataOptions
from engine.options import check
from engine.worker.dataset import dataset
from engine.worker.dataset.dataset import Splits
from engine.worker.ingestion.token_lengths import token_counter
from engine.worker.runtime.channel import Channel
from tests.helpers.channel_events import notice_messages
from tests.helpers.tiny_models import tiny_model

Talks = list[tuple[str, str]]


def write(tmp_path: Path, **splits: Talks) -> Path:
    folder = tmp_path / "talks"
    folder.mkdir()
    for split, talks in splits.items():
        lines = [json.dumps({"dialogue": dialogue, "summary": summary}) for dialogue, summary in talks]
        (folder / f"{split}.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def read(source: Path, channel: Channel, counter: Any = None, **values: Any) -> Splits:
    options, problems = check(DataOptions, {"source": str(source), **values}, "data")
    assert isinstance(options, DataOptions), problems
    return dataset.read(options, channel, needs=(), counter=counter)


def summaries(splits: Splits) -> dict[str, list[str]]:
    return {
        split: [example.summary for example in splits.of(split)] for split in ("train", "validation", "test")
    }


def test_of_a_conversation_in_two_splits_the_copy_outside_the_later_one_goes(tmp_path, channel):
    source = write(
        tmp_path, train=[("A: 1", "t1"), ("A: 2", "t2"), ("A: 3 ", "t3"), ("A: own", "t4")],
        validation=[("A: 1", "v1"), ("A: 2", "v2"), ("B: own", "v3")], test=[("A: 2", "e1"), ("A: 3", "e2")],
    )  # fmt: skip
    splits = read(source, channel, exclude=["leaks"])
    assert summaries(splits) == {"train": ["t4"], "validation": ["v1", "v3"], "test": ["e1", "e2"]}
    assert splits.excluded == {"train": 3, "validation": 1}
    assert notice_messages(channel) == [
        "Excluded rows, 3 of train and 1 of validation (In more than one split: 4)."
    ]


def test_of_equal_conversations_the_first_stays(tmp_path, channel):
    source = write(tmp_path, train=[("A: 1", "a"), ("A: 1", "b"), ("A: 2", "c"), ("A: 1", "d")])
    splits = read(source, channel, exclude=["duplicates"])
    assert summaries(splits)["train"] == ["a", "c"]
    assert splits.excluded == {"train": 2}


def test_a_copy_stays_if_the_first_one_is_left_out_for_another_reason(tmp_path, channel):
    talks = [("A: 1 2 3", "a summary that is longer"), ("A: 1 2 3", "short"), ("A: 1 2 3", "again")]
    splits = read(write(tmp_path, train=talks), channel, exclude=["duplicates", "summary_longer"])
    assert summaries(splits)["train"] == ["short"]


def test_a_copy_of_an_empty_rows_conversation_is_no_copy(tmp_path, channel):
    source = write(tmp_path, train=[("A: 1", ""), ("A: 1", "b")], test=[("A: 1", " "), ("A: 3", "c")])
    splits = read(source, channel, exclude=["duplicates", "leaks"])
    assert summaries(splits)["train"] == ["b"]
    assert splits.excluded == {}


def test_what_is_too_long_goes_by_the_base_models_tokens(tmp_path, channel):
    # One token a character, and one for a summary's end.
    limit = {"max_conversation_tokens": 10, "max_summary_tokens": 5}
    talks = [("A: " + "x" * 7, "abcd"), ("A: " + "x" * 8, "abcd"), ("A: x", "abcde")]
    source = write(tmp_path, train=talks)
    folder = tiny_model("llama")
    splits = read(
        source, channel, lambda: token_counter(folder, "tiny"), exclude=["long_conversation", "long_summary"],
        **limit,
    )  # fmt: skip
    assert [len(example.conversation) for example in splits.train] == [10]
    assert splits.excluded == {"train": 2}
    assert len(read(source, channel, lambda: None, exclude=["long_conversation"], **limit).train) == 3


def test_the_tokenizer_is_not_asked_for_where_no_finding_goes_by_tokens(tmp_path, channel):
    def refuse() -> None:
        raise AssertionError

    source = write(tmp_path, train=[("A: 1", "a"), ("A: 1", "b")])
    assert len(read(source, channel, refuse, exclude=["duplicates"]).train) == 1


def test_the_fingerprint_is_that_of_the_texts_in_use(tmp_path, channel):
    source = write(tmp_path, train=[("A: mail a@b.org", "a"), ("A: 1", "b"), ("A: 1", "c")])
    kinds = [
        read(source, channel),
        read(source, channel, exclude=["duplicates"]),
        read(source, channel, mask=["email"]),
    ]
    assert len({splits.fingerprint for splits in kinds}) == 3
    (tmp_path / "same").mkdir()
    same = write(tmp_path / "same", train=[("A: mail [e-mail]", "a"), ("A: 1", "b"), ("A: 1", "c")])
    assert read(same, channel).fingerprint == kinds[2].fingerprint


def test_masks_are_in_all_texts_before_anything_sees_them(tmp_path, channel):
    source = write(
        tmp_path,
        train=[
            ("A: mail a@b.org or c@d.org", "Mail a@b.org."),
            ("A: mail e@f.org or g@h.org", "x"),
            ("A: 1", "y"),
        ],
        test=[("A: call +44 7911 123456", "z")],
    )
    splits = read(source, channel, mask=["email"], exclude=["duplicates"])
    assert splits.train[0].conversation == "A: mail [e-mail] or [e-mail]"
    assert splits.train[0].summary == "Mail [e-mail]."
    assert "+44" in splits.test[0].conversation
    # The second row is the first one's copy once both are masked; what goes with it is not counted.
    assert len(splits.train) == 2
    assert splits.masked == {"email": 3}
    assert "Personal data is masked (E-mail address: 3)." in notice_messages(channel)
