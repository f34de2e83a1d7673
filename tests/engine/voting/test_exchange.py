"""What leaves a comparison: preference pairs, and the comparison itself for other voters."""

from __future__ import annotations

import json

import pytest

from engine import voting
from engine.errors import DataError
from engine.voting import Voting
from engine.voting.comparisons import System
from tests.helpers.blind_votes import best_first, conversations, made, vote_all


def written(path) -> list[dict]:
    return [json.loads(line) for line in path.read_text("utf-8").splitlines()]


def test_decided_votes_become_preference_pairs(tmp_path):
    opened = Voting(made(count=6), "Ann")
    vote_all(
        opened, lambda comparison, asked: "tie" if asked.conversation == 2 else best_first(comparison, asked)
    )
    path = tmp_path / "pairs.jsonl"
    assert voting.export(opened.comparison, opened.votes, path) == 5
    opened.close()
    rows = written(path)
    assert rows[0] == {
        "prompt": "Sum up: Ann: Shall we meet at 0?\nBo: Yes, at the station.",
        "chosen": "Summary 0 of 0.",
        "rejected": "Summary 1 of 0.",
    }
    assert [row["chosen"] for row in rows] == [f"Summary 0 of {index}." for index in (0, 1, 3, 4, 5)]


def test_the_majority_decides_a_pair_and_equal_votes_make_none(tmp_path):
    opened = Voting(made(count=2), "Ann")
    wishes: dict[str, dict[int, int | None]] = {
        "Ann": {0: 0, 1: 0},
        "Bo": {0: 1, 1: 1},
        "Cy": {0: 1, 1: None},
    }
    for voter, wanted in wishes.items():
        opened.set_voter(voter)
        while (asked := opened.question) is not None:
            wish = wanted[asked.conversation]
            opened.vote("tie" if wish is None else "left" if asked.left == wish else "right")
    path = tmp_path / "pairs.jsonl"
    assert voting.export(opened.comparison, opened.votes, path) == 1
    opened.close()
    assert written(path)[0]["chosen"] == "Summary 1 of 0."


def test_worked_examples_are_part_of_the_prompt(tmp_path):
    systems = [
        System(
            name="Alpha", template="Sum up: {conversation} Summary: ", shots=(("Eve: Hi.", "Eve greets."),)
        ),
        System(name="Cloud"),
    ]
    opened = Voting(voting.create(systems, conversations(1, 2)), "Ann")
    opened.vote("left" if opened.question.left == 1 else "right")
    path = tmp_path / "pairs.jsonl"
    voting.export(opened.comparison, opened.votes, path)
    opened.close()
    # The summary that was preferred came without a prompt: that of the other one counts.
    assert written(path)[0]["prompt"].startswith(
        "Sum up: Eve: Hi. Summary: Eve greets.\n\nSum up: Ann: Shall"
    )


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
