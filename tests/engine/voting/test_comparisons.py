"""Comparisons on disk: what makes one, and how one is shared with other voters."""

import json

import pytest

from engine import voting
from engine.errors import DataError
from engine.voting import Voting
from engine.voting.comparisons import System
from tests.helpers.blind_votes import conversations, made, vote_all


def test_a_comparison_goes_to_another_voter_and_the_votes_come_back(tmp_path, monkeypatch):
    info = made(count=30, systems=3)
    voting.share(voting.load(info), tmp_path / "shared.json")
    monkeypatch.setenv("TUNESMITH_HOME", str(tmp_path / "elsewhere"))
    theirs = voting.open_shared(tmp_path / "shared.json")
    assert voting.open_shared(tmp_path / "shared.json").id == theirs.id
    there = Voting(theirs, "Bo")
    vote_all(there, most=10)
    there.export_votes(tmp_path / "bo.jsonl")
    there.close()
    monkeypatch.undo()
    here = Voting(info, "Ann")
    assert here.add_votes([tmp_path / "bo.jsonl"]) == {"Bo": 10}
    here.close()


@pytest.mark.parametrize(
    "edit",
    [
        lambda text: text[: len(text) // 2],
        lambda text: "",
        lambda text: "[]",
        lambda text: text.replace("Summary 1 of 3.", "Summary 9 of 3."),
        lambda text: text.replace('"schema":1', '"schema":2'),
        lambda text: json.dumps(json.loads(text) | {"systems": json.loads(text)["systems"][:2]}),
        lambda text: json.dumps(json.loads(text) | {"conversations": []}),
    ],
)
def test_a_shared_file_that_was_cut_or_edited_is_refused(tmp_path, edit):
    path = tmp_path / "shared.json"
    info = made(count=6, systems=3)
    voting.share(voting.load(info), path)
    voting.delete(info)
    path.write_text(edit(path.read_text("utf-8")), encoding="utf-8")
    with pytest.raises(DataError, match=r"is no blind comparison|was changed"):
        voting.open_shared(path)
    assert voting.list_comparisons() == []


def test_one_system_is_nothing_to_compare():
    with pytest.raises(DataError, match="nothing to compare"):
        voting.create([System(name="Alpha")], conversations(3, 1))
    with pytest.raises(DataError, match="nothing to compare"):
        voting.create([System(name="Alpha"), System(name="Bravo")], [])
