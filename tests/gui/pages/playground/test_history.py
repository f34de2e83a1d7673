"""Earlier tries on disk: kept, found, commented on, cleared and brought back; and a comparison as Markdown."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import pytest

from engine.api import STARTER, StorageError, SummarizeOptions, paths
from gui.pages.playground.columns.column_results import Feedback
from gui.pages.playground.columns.markdown import as_markdown, decoding_words
from gui.pages.playground.history import history_store
from gui.pages.playground.history.history_entry import Try, from_board, headline, into_board
from gui.pages.playground.history.history_store import Tries
from tests.helpers import repository
from tests.helpers.playground_board import CONVERSATION, filled_board

GOLDEN = repository.GOLDEN / "tries_v1"
GOOD = Feedback("up", "says who", "The venue offers Thursday.")


def made(conversation: str = CONVERSATION, reference: str = "", number: int = 0) -> Try:
    board = filled_board()
    board.conversation = conversation
    tried = from_board(board, reference, {"id": STARTER}, SummarizeOptions(beams=4))
    return replace(tried, id=f"{number:015d}-abcd") if number else tried


def test_a_try_comes_back_from_disk_as_it_was(tmp_path):
    board = filled_board()
    tries = Tries(tmp_path)
    tries.add(from_board(board, "Reference.", {"id": STARTER}, SummarizeOptions(beams=4, seed=7)))

    (kept,) = Tries(tmp_path).items
    again = into_board(kept)
    assert kept == tries.items[0]
    assert kept.decoding == SummarizeOptions(beams=4, seed=7)
    assert [(column.entry, column.text) for column in again.columns] == [
        (column.entry, column.text) for column in board.columns
    ]
    assert again.marks(again.columns[1]) == board.marks(board.columns[1])


def test_only_so_many_tries_are_kept_newest_first_and_none_that_was_commented_on_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(history_store, "MOST_TRIES", 3)
    tries = Tries(tmp_path)
    for number in range(1, 6):
        tried = made(reference=str(number), number=number)
        tries.add(tried.with_feedback("a1", GOOD) if number == 1 else tried)
    kept = Tries(tmp_path).items
    assert [tried.reference for tried in kept] == ["5", "4", "1"]
    assert kept == tries.items


def test_what_is_thought_of_a_summary_is_kept_with_it(tmp_path):
    tries = Tries(tmp_path)
    tries.add(made())
    tries.replace(tries.items[0].with_feedback("a1", GOOD))

    (kept,) = Tries(tmp_path).items
    assert kept.is_rated
    assert [column.name for column in kept.good] == ["tuned"]
    assert into_board(kept).column("a1").feedback == GOOD
    assert into_board(kept).base.feedback == Feedback()


def test_tries_are_found_by_what_was_said_written_or_noted(tmp_path):
    tried = made().with_feedback("a1", GOOD)
    assert tried.has("leila THURSDAY")
    assert tried.has("says who")
    assert tried.has("tuned 16:30")
    assert not tried.has("leila friday monday")


def test_tries_that_were_cleared_can_be_brought_back(tmp_path):
    tries = Tries(tmp_path)
    for number in (1, 2):
        tries.add(made(number=number))
    before = list(tries.items)
    gone = tries.clear()
    assert Tries(tmp_path).items == tries.items == []
    tries.bring_back(gone)
    assert Tries(tmp_path).items == tries.items == before


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"schema": 2}', '{"schema": 1}', '{"schema": 1, "columns": 3}']
)
def test_a_damaged_or_later_file_costs_itself_alone(tmp_path, text):
    Tries(tmp_path).add(made())
    (tmp_path / "000000000000001-0000.json").write_text(text)
    assert len(Tries(tmp_path).items) == 1


def test_tries_that_cannot_be_written_are_a_trouble_for_the_user(tmp_path):
    with pytest.raises(StorageError):
        Tries(tmp_path / "nowhere").add(made())


def test_a_file_of_this_format_is_read_as_ever(home):
    for name in GOLDEN.glob("0*.json"):
        shutil.copy(name, paths.tries_folder())
    (kept,) = Tries().items
    assert kept.decoding.top_p == 0.95
    assert kept.columns[0].feedback == Feedback("down", "says too little")
    assert kept.good[0].feedback.edited.endswith("Tom agrees.")


def test_the_file_is_json_that_other_programs_can_read(tmp_path):
    Tries(tmp_path).add(made())
    (path,) = tmp_path.glob("*.json")
    assert json.loads(path.read_text())["conversation"] == CONVERSATION


def test_markdown_has_the_conversation_every_summary_and_its_facts():
    board = filled_board()
    board.columns[1].feedback = GOOD
    text = as_markdown(board, "Reference.", SummarizeOptions(temperature=0.7))
    assert "> Leila: the venue offers Thursday 21st" in text
    assert "## tuned (LoRA, r 8)" in text
    assert "not in the conversation: Friday" in text
    assert "8 tokens in 0.5 s; rated good" in text
    assert "Corrected:\n\n> The venue offers Thursday." in text
    assert "Note: says who" in text
    assert text.rstrip().endswith("sampled at temperature 0.7, seed 42, at most 128 tokens.")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (SummarizeOptions(), "greedy, at most 128 tokens"),
        (
            SummarizeOptions(
                beams=4, max_new_tokens=32, min_new_tokens=8, length_penalty=2.0, repetition_penalty=1.2
            ),
            "4 beams, at least 8 and at most 32 tokens, length penalty 2, repetition penalty 1.2",
        ),
        (
            SummarizeOptions(temperature=0.5, top_p=0.9, seed=1, no_repeat_ngram=3),
            "sampled at temperature 0.5, top-p 0.9, seed 1, at most 128 tokens, no 3 tokens twice",
        ),
    ],
)
def test_decodings_have_words(options, words):
    assert decoding_words(options) == words


def test_a_headline_names_who_speaks_and_stays_short():
    assert headline(CONVERSATION) == "Leila, Tom: the venue offers Thursday 21st"
    assert len(headline("Bo: " + "word " * 40)) <= 64
    assert headline("") == ""
