from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine import labelling
from engine.errors import DataError, RecipeError
from engine.jobs.events import read_all
from engine.worker.jobs import label_data
from tests.helpers.table_files import write

Label = Callable[..., dict[str, Any]]


@pytest.fixture
def label(channel):
    def run(source: Path | str, **values: Any) -> dict[str, Any]:
        label_data.run(channel, {"data": {"source": str(source), **values}})
        results = [event for event in read_all(channel.job.events_path) if event["event"] == "result_made"]
        result: dict[str, Any] = results[-1]["result"]
        return result

    return run


def chat(number: int) -> str:
    return f"Ann: number {number}?\nBo: Yes."


def items(result: dict[str, Any]) -> list[labelling.Item]:
    opened = labelling.LabellingSet(result["set"])
    opened.close()
    return opened.items


def test_conversations_without_a_summary_column_become_a_set(label, tmp_path):
    source = write(tmp_path / "chats.jsonl", [{"id": f"c{n}", "dialogue": chat(n)} for n in range(3)])
    result = label(source)
    assert result["left_out"] == {"excluded": {}, "empty": 0, "repeated": 0, "beyond": 0}
    assert [(item.id, item.conversation, item.state) for item in items(result)] == [
        (f"c{n}", chat(n), "open") for n in range(3)
    ]
    (about,) = labelling.list_sets()
    assert (about.name, about.source) == ("chats", str(source))


def test_summaries_that_are_there_come_along_wherever_they_begin(label, tmp_path):
    rows = [{"dialogue": chat(n)} for n in range(300)] + [{"dialogue": chat(300), "summary": "Yes."}]
    set_items = items(label(write(tmp_path / "half.jsonl", rows)))
    assert [item.state for item in set_items] == ["open"] * 300 + ["accepted"]


def test_what_is_left_out_is_counted(label, tmp_path, monkeypatch):
    monkeypatch.setattr(labelling.sets, "MAX_CONVERSATIONS", 2)
    texts = [chat(1), "", chat(1), chat(2), chat(3) + "\n", " ", chat(3)]
    result = label(write(tmp_path / "a.jsonl", [{"dialogue": text} for text in texts]))
    assert result["left_out"] == {"excluded": {}, "empty": 2, "repeated": 2, "beyond": 1}
    assert [item.id for item in items(result)] == ["1", "4"]


def test_the_same_source_leads_back_to_its_set_and_another_content_to_another(label, tmp_path):
    path = tmp_path / "chats.jsonl"
    first = label(write(path, [{"dialogue": chat(1)}]))
    assert label(path)["set"] == first["set"]
    assert label(write(path, [{"dialogue": chat(2)}]))["set"] != first["set"]
    assert len(labelling.list_sets()) == 2


def test_all_splits_of_a_folder_are_in_one_set_that_of_training_first(label, tmp_path):
    folder = tmp_path / "talks"
    folder.mkdir()
    for number, split in enumerate(("test", "train", "validation")):
        write(folder / f"{split}.jsonl", [{"dialogue": chat(number)}])
    assert [item.conversation for item in items(label(folder))] == [chat(1), chat(2), chat(0)]


def test_what_the_recipe_excludes_is_not_offered_with_or_without_a_summary(label, tmp_path):
    long = "Bo: " + "word " * 60
    rows = [
        {"dialogue": chat(1)},
        {"dialogue": "Ann: write to ann@example.org"},
        {"dialogue": chat(2), "summary": "Yes. " * 40},
        {"dialogue": "Ann: my address is bo@example.org", "summary": "An address."},
        {"dialogue": chat(3)},
        {"dialogue": chat(3)},
        {"dialogue": long},
    ]
    source = write(tmp_path / "a.jsonl", rows)
    exclude = ["email", "duplicates", "summary_longer", "long_conversation"]
    result = label(source, exclude=exclude, max_conversation_tokens=40)
    assert [item.conversation for item in items(result)] == [chat(1), chat(3)]
    assert result["left_out"] == {
        "excluded": {"email": 2, "summary_longer": 1, "long_conversation": 1, "duplicates": 1},
        "empty": 0,
        "repeated": 0,
        "beyond": 0,
    }


def test_what_is_masked_first_is_excluded_no_more(label, tmp_path):
    source = write(tmp_path / "a.jsonl", [{"dialogue": "Ann: write to ann@example.org"}])
    result = label(source, mask=["email"], exclude=["email"])
    assert len(items(result)) == 1
    assert result["left_out"]["excluded"] == {}


def test_what_was_written_comes_along_when_something_else_is_excluded(label, tmp_path):
    rows = [{"dialogue": "Ann: write to ann@example.org"}, {"dialogue": chat(1)}, {"dialogue": chat(2)}]
    source = write(tmp_path / "a.jsonl", rows)
    opened = labelling.LabellingSet(label(source)["set"])
    opened.write(2, "They agree.")
    opened.accept(2)
    opened.close()
    result = label(source, exclude=["email"])
    assert result["brought"] == 1
    assert [(item.text, item.state) for item in items(result)] == [("They agree.", "accepted"), ("", "open")]
    assert label(source)["brought"] == 0


def test_an_exclusion_that_leaves_nothing_is_refused_with_its_field(label, tmp_path):
    source = write(tmp_path / "a.jsonl", [{"dialogue": "Ann: write to ann@example.org"}])
    with pytest.raises(DataError, match="No conversation of") as caught:
        label(source, exclude=["email"])
    assert caught.value.field == "data.exclude"
    with pytest.raises(RecipeError):
        label(source, exclude=["invented"])


def test_a_source_without_conversations_is_refused(label, tmp_path):
    with pytest.raises(DataError, match="has no conversations"):
        label(write(tmp_path / "a.jsonl", [{"dialogue": " "}]))
    with pytest.raises(DataError) as caught:
        label(write(tmp_path / "b.jsonl", [{"colour": "red"}]))
    assert caught.value.field == "data.conversation"
    with pytest.raises(RecipeError):
        label(tmp_path, every=0)


def test_the_sample_becomes_a_set_with_its_summaries(label):
    set_items = items(label("sample"))
    assert {item.state for item in set_items} == {"accepted"}
    assert labelling.list_sets()[0].name == "Sample conversations"
