import shutil
from dataclasses import replace

import pytest

from engine.api import STARTER, StorageError, SummarizeOptions, paths
from gui.pages.playground import choices, history
from gui.pages.playground.column_results import (
    ColumnModel,
    ColumnResults,
    Feedback,
    as_markdown,
    decoding_text,
)
from gui.pages.playground.history import HistoryEntry, HistoryStore, from_results, headline, into_results
from tests.helpers import repository
from tests.helpers.playground_stage import SHORT_TALK, filled_results

GOLDEN = repository.GOLDEN / "tries_v1"
GOOD = Feedback("up", "says who", "The venue offers Thursday.")


def made(conversation: str = SHORT_TALK, reference: str = "", number: int = 0) -> HistoryEntry:
    results = filled_results()
    results.conversation = conversation
    tried = from_results(results, reference, {"id": STARTER}, SummarizeOptions(beams=4))
    return replace(tried, id=f"{number:015d}-abcd") if number else tried


def test_a_try_comes_back_from_disk_as_it_was_with_what_is_thought_of_it(tmp_path):
    results = filled_results()
    store = HistoryStore(tmp_path)
    tried = from_results(results, "Reference.", {"id": STARTER}, SummarizeOptions(beams=4, seed=7))
    # Two of one millisecond have no order.
    store.add(replace(tried, id=made(number=1).id))
    store.replace(store.items[0].with_feedback("a1", GOOD))
    store.add(made("Ann: half \ud83d", number=2))

    half, entry = HistoryStore(tmp_path).items
    assert half.conversation == "Ann: half \ud83d"
    again = into_results(entry)
    assert entry == store.items[1]
    assert entry.decoding == SummarizeOptions(beams=4, seed=7)
    assert [(column.entry, column.text) for column in again.columns] == [
        (column.entry, column.text) for column in results.columns
    ]
    assert again.marks(again.columns[1]) == results.marks(results.columns[1])
    assert [column.entry.name for column in entry.good] == ["tuned"]
    assert again.column("a1").feedback == GOOD
    assert again.base.feedback == Feedback()


def test_only_so_many_tries_are_kept_newest_first_and_none_that_was_commented_on_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(history, "MAX_ENTRIES", 3)
    store = HistoryStore(tmp_path)
    for number in range(1, 6):
        tried = made(reference=str(number), number=number)
        store.add(tried.with_feedback("a1", GOOD) if number == 1 else tried)
    entries = HistoryStore(tmp_path).items
    assert [tried.reference for tried in entries] == ["5", "4", "1"]
    assert entries == store.items


def test_tries_are_found_by_what_was_said_written_or_noted(tmp_path):
    tried = made().with_feedback("a1", GOOD)
    assert tried.has("leila THURSDAY")
    assert tried.has("says who")
    assert tried.has("tuned 16:30")
    assert not tried.has("leila friday monday")


def test_a_damaged_or_later_file_costs_itself_alone_and_a_lost_place_is_said(tmp_path):
    HistoryStore(tmp_path).add(made())
    damaged = ("", "{", "[]", '{"schema": 2}', '{"schema": 1}', '{"schema": 1, "columns": 3}')
    for number, text in enumerate(damaged, 1):
        (tmp_path / f"{number:015d}-0000.json").write_text(text)
    assert len(HistoryStore(tmp_path).items) == 1
    with pytest.raises(StorageError):
        HistoryStore(tmp_path / "nowhere").add(made())


def test_a_file_of_this_format_is_read_as_ever(home):
    for name in GOLDEN.glob("0*.json"):
        shutil.copy(name, paths.tries_folder())
    (entry,) = HistoryStore().items
    assert entry.decoding.top_p == 0.95
    assert entry.columns[0].feedback == Feedback("down", "says too little")
    assert entry.good[0].feedback.edited.endswith("Tom agrees.")


def test_markdown_has_the_conversation_every_summary_and_its_facts():
    results = filled_results()
    results.columns[1].feedback = GOOD
    text = as_markdown(results, "Reference.", SummarizeOptions(temperature=0.7), "summarize: {conversation}")
    assert "> Leila: the venue offers Thursday 21st" in text
    assert "## tuned (LoRA, r 8)" in text
    assert "not in the conversation: Friday" in text
    assert "8 tokens in 0.5 s; rated good" in text
    assert "Corrected:\n\n> The venue offers Thursday." in text
    assert "Note: says who" in text
    assert "sampled at temperature 0.7, seed 42, at most 128 tokens." in text
    assert text.rstrip().endswith("Prompt:\n\n> summarize: {conversation}")


@pytest.mark.parametrize(
    ("options", "text"),
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
            "sampled at temperature 0.5, top-p 0.9, seed 1, at most 128 tokens, no repeated 3-grams",
        ),
    ],
)
def test_decodings_have_words(options, text):
    assert decoding_text(options) == text


def test_a_headline_names_who_speaks_and_stays_short():
    assert headline(SHORT_TALK) == "Leila, Tom: the venue offers Thursday 21st"
    assert len(headline("Bo: " + "word " * 40)) <= 64
    assert headline("") == ""


def test_the_base_models_column_is_kept_in_english_and_shown_translated(german):
    tried = from_results(ColumnResults(choices.base_entry(STARTER)), "", {"id": STARTER}, SummarizeOptions())
    (column,) = tried.columns
    assert (column.entry.name, column.entry.detail) == ("Base model", "The practice model")
    assert (column.entry.title, column.entry.about) == ("Basismodell", "Das Übungsmodell")


FACTS = {"request": "r", "adapter": None}


def copied(summary: str, conversation: str = "Ann: hi", title: str = "Base model") -> str:
    results = ColumnResults(ColumnModel(None, title))
    results.begin("r", conversation)
    results.apply({"event": "summary_started", **FACTS, "input_tokens": 3})
    results.apply({"event": "summary_finished", **FACTS, "summary": summary, "tokens": 1, "seconds": 1.0})
    return as_markdown(results, "", SummarizeOptions())


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("![x](http://evil.example/p.png)", r"!\[x\](http\://evil.example/p.png)"),
        ("<img src=x>", r"\<img src=x\>"),
        ("# Verdict", r"\# Verdict"),
        ("1. one", r"1\. one"),
        ("---", r"\---"),
        ("=====", r"\====="),
        ("a `b` *c* _d_ ~~e~~ &lt; | \\f", r"a \`b\` \*c\* \_d\_ \~\~e\~\~ \&lt; \| \\f"),
        ("a\x1b[2J\u202e", r"a\\x1b\[2J\\u202e"),
        ("Bo: it's 10-12, #3 (1.5) at 5 = fine!", "Bo: it's 10-12, #3 (1.5) at 5 = fine!"),
    ],
)
def test_markdown_makes_nothing_of_a_text(text, shown):
    assert f"> {shown}  \n" in copied(text)
    assert f"> {shown}  \n" in copied("Fine.", conversation=text)


def test_a_name_stays_in_its_heading():
    assert "## a \\# b \\<b\\>\n\n" not in copied("Fine.", title="a\n# b <b>")
    assert "## a # b \\<b\\>\n\n> Fine.  \n" in copied("Fine.", title="a\n# b <b>")
