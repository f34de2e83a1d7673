import errno
import json
import os
import random
import shutil
import signal
import subprocess
import sys

import pytest

from engine import voting
from engine.errors import DataError, StorageError
from engine.system.paths import application_root, comparisons_folder
from engine.voting import Voting
from tests.helpers import repository
from tests.helpers.blind_votes import made, vote_all
from tests.helpers.systems import signals

GOLDEN = repository.GOLDEN / "comparison_v1"


@pytest.fixture
def opened():
    made_now = Voting(made(count=40, systems=3), "Ann")
    yield made_now
    made_now.close()


def reopened(opened: Voting) -> Voting:
    opened.close()
    opened.__init__(opened.info, "Ann")
    return opened


def cast(opened: Voting) -> list[tuple]:
    return [(each.voter, each.conversation, each.left, each.right, each.choice) for each in votes_of(opened)]


def votes_of(opened: Voting) -> list[voting.Vote]:
    return list(opened.votes.votes.values())


def edited(opened: Voting, edit) -> Voting:
    """The same comparison after its journal was changed by hand: `edit` takes its lines."""
    opened.close()
    path = opened.info.votes_path
    path.write_text("\n".join(edit(path.read_text("utf-8").splitlines())) + "\n", encoding="utf-8")
    opened.__init__(opened.info, "Ann")
    return opened


def test_votes_are_read_again_as_they_were_given(opened):
    vote_all(opened, most=7)
    opened.vote("tie", "  Both miss the time.  ", 12.34)
    before, question = cast(opened), opened.question
    assert reopened(opened).question == question
    assert cast(opened) == before
    last = votes_of(opened)[-1]
    assert (last.choice, last.note, last.seconds) == ("tie", "Both miss the time.", 12.3)


def test_undo_asks_the_same_pair_again(opened):
    vote_all(opened, most=5)
    question = opened.question
    opened.vote("right")
    undone = opened.undo()
    assert undone.choice == "right"
    assert opened.question == question
    opened.vote("left")
    assert cast(reopened(opened))[-1][-1] == "left"
    assert len(cast(opened)) == 6
    while opened.undo() is not None:
        pass
    assert cast(reopened(opened)) == []


def test_voting_ends_at_the_goal_and_goes_on_when_it_is_raised(opened):
    opened.set_goal(12)
    assert len(vote_all(opened)) == 12
    assert opened.question is None
    with pytest.raises(DataError):
        opened.vote("left")
    opened.set_goal(100_000)
    assert reopened(opened).progress().goal == opened.progress().total == 120
    assert len(vote_all(opened)) == 108
    assert opened.question is None


def test_each_voter_has_pairs_of_their_own(opened):
    vote_all(opened, most=4)
    opened.set_voter("  Bo   Li ")
    assert opened.voter == "Bo Li"
    assert opened.progress().done == 0
    vote_all(opened, most=3)
    opened.undo()
    assert opened.votes.voters == ["Ann", "Bo Li"]
    opened.set_voter("Ann")
    assert opened.progress().done == 4


def test_a_comparison_is_open_in_one_place_only(opened):
    with pytest.raises(StorageError, match="open in another program"):
        Voting(opened.info, "Bo")


def test_a_vote_that_the_disk_does_not_take_is_said_and_not_made(opened, monkeypatch):
    def full(*_arguments):
        raise OSError(errno.ENOSPC, "No space left on device")

    question = opened.question
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", full)
        with pytest.raises(StorageError, match="The votes can't be written"):
            opened.vote("left")
    assert opened.question == question
    assert cast(reopened(opened)) == []


@pytest.mark.parametrize(
    "edit",
    [
        lambda line: line[:40],
        lambda line: "[]",
        lambda line: "{}",
        lambda line: "[" * 100_000,
        lambda line: line.replace('"comparison":"', '"comparison":"0'),
    ],
)
def test_a_damaged_line_is_skipped_and_its_pair_asked_again(opened, edit):
    vote_all(opened, most=5)
    before = cast(opened)
    edited(opened, lambda lines: [*lines[:2], edit(lines[2]), *lines[3:]])
    assert cast(opened) == before[:2] + before[3:]
    vote_all(opened, most=1)
    assert set(cast(opened)) == set(before)


def test_any_damage_leaves_the_other_votes(opened):
    vote_all(opened, most=12)
    before = set(opened.votes.votes)
    opened.close()
    path = opened.info.votes_path
    whole, draw = path.read_bytes(), random.Random(11)
    for _ in range(150):
        damaged = bytearray(whole)
        at = draw.randrange(len(damaged))
        change = draw.choice(("byte", "cut", "again", "noise"))
        if change == "byte":
            damaged[at] = draw.randrange(256)
        elif change == "cut":
            del damaged[at : at + draw.randint(1, 300)]
        elif change == "again":
            damaged[at:at] = damaged[draw.randrange(at + 1) :][: draw.randint(1, 600)]
        else:
            damaged[at:at] = draw.randbytes(draw.randint(1, 20))
        path.write_bytes(damaged)
        opened.__init__(opened.info, "Ann")
        assert len(before & set(opened.votes.votes)) >= 12 - 4
        opened.close()
    path.write_bytes(whole)
    opened.__init__(opened.info, "Ann")


def test_changed_conversations_void_the_comparison(opened):
    opened.close()
    path = opened.info.folder / "conversations.jsonl"
    path.write_text(path.read_text("utf-8").replace("Summary 1 of 3.", "Summary 9 of 3."), encoding="utf-8")
    with pytest.raises(StorageError, match="its votes don't count"):
        voting.load(opened.info)
    path.write_text(path.read_text("utf-8").replace("Summary 9 of 3.", "Summary 1 of 3."), encoding="utf-8")
    opened.__init__(opened.info, "Ann")


def test_a_pair_that_an_earlier_version_asked_twice_counts_once(opened):
    vote_all(opened, most=2)
    before = cast(opened)

    def asked_again(lines: list[str]) -> list[str]:
        first = json.loads(lines[0])
        swapped = {
            "vote": "again", "left": first["right"], "right": first["left"], "repeated": True, "check": "0",
        }  # fmt: skip
        return [*lines, json.dumps(first | swapped)]

    edited(opened, asked_again)
    assert cast(opened) == before


WRITER = """
import sys
from engine import voting
from engine.voting import Voting
opened = Voting(voting.find(sys.argv[1]), "Ann")
opened.set_goal(10_000)
while opened.question is not None:
    print(opened.vote("left").vote, flush=True)
"""


@signals
def test_a_killed_process_loses_no_vote(home):
    info = made(count=400)
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, info.id], cwd=application_root(), stdout=subprocess.PIPE, text=True
    )
    said = [process.stdout.readline().strip() for _ in range(30)]
    process.send_signal(signal.SIGKILL)
    said += process.stdout.read().split()
    process.wait()
    process.stdout.close()
    opened = Voting(info, "Ann")
    kept = list(opened.votes.votes)
    assert set(said) <= set(kept)
    assert opened.question is not None
    opened.close()


def test_a_comparison_of_version_1_is_read_as_it_was_left():
    shutil.copytree(GOLDEN, comparisons_folder() / "golden")
    opened = Voting(voting.find("golden"), "Ann")
    assert [each.name for each in opened.comparison.systems] == ["Alpha", "Bravo"]
    assert [(each.voter, each.choice, each.note) for each in opened.votes.votes.values()] == [
        ("Ann", "left", "The time is missing at the right."), ("Ann", "tie", ""), ("Bo", "right", ""),
    ]  # fmt: skip
    assert opened.votes.revealed
    assert opened.progress().goal == 9
    opened.close()
