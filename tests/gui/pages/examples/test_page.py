"""A run's conversations one by one: sorted, searched, marked, exported, and tried in the playground."""

from __future__ import annotations

import csv

import pytest
from PySide6.QtCore import QEvent
from PySide6.QtGui import QHelpEvent, QTextDocument
from PySide6.QtWidgets import QStyleOptionViewItem, QToolTip

from engine.api import Example
from engine.config import recipe
from engine.runs import example_scores
from engine.runs.example_scores import ExampleScores, Texts, Written
from gui.look import style
from gui.pages.examples.page import ExamplesPage
from gui.tables.grouped_view import GroupedTableView
from tests.helpers.scored_runs import add_scored_run

TALK = "Ann: Shall we meet at five?\nBo: Yes, at the station."
BASE = ("Ann and Bo meet.", "Bo is late.", "Carl meets Bo at six.")
TUNED = ("They meet at five.", "Bo is late.", "Ann meets Bo at five.")
WAIT = 5_000


def some_scores() -> ExampleScores:
    return ExampleScores(
        schema=1,
        protocol={"split": "test", "examples": 3, "beams": 1},
        examples=("a", "b", "c"),
        base=Written(summaries=BASE, rouge={"rouge1": (0.5, 0.4, 0.1)}),
        tuned=Written(summaries=TUNED, rouge={"rouge1": (0.3, 0.4, 0.8)}),
        texts=tuple(Texts(conversation=TALK, references=(f"Reference {name}.",)) for name in "abc"),
    )


@pytest.fixture
def page(home, qtbot) -> ExamplesPage:
    made = ExamplesPage()
    qtbot.addWidget(made)
    made.resize(1232, 900)
    made.show()
    return made


def opened(page: ExamplesPage, qtbot, kept: ExampleScores | None = None):
    job = add_scored_run(scores=kept or some_scores())
    show(page, qtbot, job)
    return job


def show(page: ExamplesPage, qtbot, job) -> None:
    page.open_run(job, recipe.load(job.recipe_path), "starter-lora")
    qtbot.waitUntil(lambda: "Reading" not in page.header.subtitle(), timeout=WAIT)


def listed(view: GroupedTableView) -> list[str]:
    return [row.id for row in view.table().items()]


def test_conversations_are_sorted_searched_marked_tried_and_exported(page, qtbot, qapp, tmp_path):
    opened(page, qtbot)
    assert listed(page.view) == ["c", "b", "a"]
    said = "ROUGE-1 rose on 1, fell on 1, stayed the same on 1. 3 test conversations, greedy"
    assert said in page.header.subtitle()
    marked = {
        side: [
            (mark.kind, part.text.text()[mark.start : mark.start + mark.length]) for mark in part.text.marks()
        ]
        for side, part in (("base", page.detail.base), ("tuned", page.detail.tuned))
    }
    assert marked["tuned"] == [("new", "Ann"), ("new", "five")]
    assert marked["base"] == [("new", "Carl"), ("new", "six"), ("attention", "Carl"), ("attention", "six")]
    assert page.detail.against.texts() == ["Base", "The reference"]
    page.detail.against.set_current("reference")
    page.detail.against.currentChanged.emit("reference")
    assert [mark.kind for mark in page.detail.tuned.text.marks()] == ["new"]

    try:
        style.apply(qapp, "dark")
        assert page.view.current().id == "c"
        assert page.detail.isVisible()
        assert page.try_button.isEnabled()
    finally:
        style.apply(qapp, "light")
    wanted = Example("c", TALK, "Reference c.")
    for act in (lambda: page.view.link_pressed.emit(page.view.current(), "try"), page.try_button.click):
        with qtbot.waitSignal(page.try_requested) as pressed:
            act()
        assert pressed.args == [["starter-lora"], wanted]

    for order, expected in (("loss", "abc"), ("disagreement", "acb"), ("given", "abc")):
        page.orders.set_current(order)
        page.orders.currentChanged.emit(order)
        assert listed(page.view) == list(expected)
        assert page.view.current().id == expected[0]
    rows = exported(page, qtbot, tmp_path)
    assert [row["tuned summary"] for row in rows] == list(TUNED)
    assert rows[2]["tuned rouge1"] == "0.8"
    page.export(tmp_path / "nowhere" / "conversations.csv")
    qtbot.waitUntil(lambda: "can't be written" in page.notice.text(), timeout=WAIT)
    page.search.searched.emit("late bo")
    assert listed(page.view) == ["b"]
    assert "1 of 3 conversations found" in page.header.subtitle()
    page.search.searched.emit("nobody said this")
    assert page.view.isHidden()
    assert not page.try_button.isEnabled()


def exported(page, qtbot, folder):
    """Export what is shown; return its rows."""
    path = folder / "conversations.csv"
    page.export(path)
    qtbot.waitUntil(page.notice.isVisible, timeout=WAIT)
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(keepends=True)))


def test_a_tooltip_shows_markup_of_the_data_as_text(page, qtbot, monkeypatch):
    shown: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _place, text, _widget: shown.append(text))
    said = f"Ann: <img src='file:///nowhere'> {'word ' * 40}"
    scores = some_scores()
    texts = tuple(each.model_copy(update={"conversation": said}) for each in scores.texts)
    opened(page, qtbot, scores.model_copy(update={"texts": texts}))
    index = page.table.index(0, 0)
    option = QStyleOptionViewItem()
    option.rect = page.view.visualRect(index)
    event = QHelpEvent(QEvent.Type.ToolTip, option.rect.center(), option.rect.center())
    page.view.itemDelegate().helpEvent(event, page.view, option, index)
    plain = QTextDocument()
    plain.setHtml(shown[0])
    assert plain.toPlainText().startswith("Ann: <img src='file:///nowhere'> word word")


def test_a_summary_without_a_word_and_what_an_earlier_version_did_not_keep_are_said(page, qtbot):
    scores = some_scores()
    empty = scores.tuned.model_copy(update={"summaries": ("", "", "")})
    opened(page, qtbot, scores.model_copy(update={"tuned": empty}))
    assert page.detail.tuned.text.text() == "The summary is empty."
    assert page.detail.tuned.text.marks() == ()
    job = add_scored_run(scores=some_scores().model_copy(update={"texts": ()}), adapter_name="older")
    show(page, qtbot, job)
    assert listed(page.view) == ["c", "b", "a"]
    assert not page.try_button.isEnabled()
    assert {mark.kind for mark in page.detail.base.text.marks()} == {"new"}
    (job.folder / example_scores.FILE_NAME).unlink()
    show(page, qtbot, job)
    assert page.splitter.isHidden()
    assert not page.export_button.isEnabled()


OTHER = ("They meet at five.", "Bo was early.", "Carl meets Bo at six.")


def beside(name: str, method: str, **changes):
    """Add a run that wrote otherwise, of the same protocol if `changes` say nothing else."""
    tuned = Written(summaries=OTHER, rouge={"rouge1": (0.3, 0.9, 0.1)})
    made = recipe.from_tables(
        {
            "name": name,
            "base_model": {"id": "starter"},
            "data": {"source": "sample"},
            "method": {"id": method},
        }
    )
    kept = some_scores().model_copy(update={"tuned": tuned, **changes})
    return add_scored_run(scores=kept, recipe=made, adapter_name=name)


def compare(page, qtbot, *labels: str) -> None:
    page.compare_button.click()
    qtbot.waitUntil(page.chooser.isVisible, timeout=WAIT)
    for candidate in page.chooser.table.items():
        if candidate.label in labels:
            page.chooser.view.check_pressed.emit(candidate)
    page.chooser.compare_button.click()
    qtbot.waitUntil(page.splitter.isVisible, timeout=WAIT)
    qtbot.waitUntil(lambda: "Reading" not in page.header.subtitle(), timeout=WAIT)


def test_several_runs_stand_beside_one_another(page, qtbot):
    beside("ia3-run", "ia3")
    opened(page, qtbot)
    compare(page, qtbot, "IA3")
    table = page.table
    assert [column.title for column in table.columns if column.key.startswith("gain:")] == [
        "LoRA, r 16",
        "IA3",
    ]
    assert (
        "and 1 more. On average, ROUGE-1 rose on 2, fell on 1, stayed the same on 0."
        in page.header.subtitle()
    )
    assert listed(page.view) == ["c", "b", "a"]
    row = table.row_of("1")
    shown = {column.key: table.index(row, at).data() for at, column in enumerate(table.columns)}
    assert (shown["gain:0"], shown["gain:1"], shown["tuned:1"]) == (
        "40.0  +0.0",
        "90.0  +50.0",
        "Bo was early.",
    )
    assert "LoRA, r 16 40.0, gain +0.0, IA3 90.0, gain +50.0" in table.accessible_text(table.item_at(row))
    page.view.order_wanted.emit("gain:1")
    assert listed(page.view) == ["b", "c", "a"]
    page.view.order_wanted.emit("gain:0")
    assert listed(page.view) == ["c", "b", "a"]
    page.view.order_wanted.emit("disagreement")
    assert listed(page.view) == ["b", "c", "a"]
    assert page.orders.current() == "disagreement"


def test_of_several_each_is_marked_against_the_others_and_all_are_tried_and_exported(page, qtbot, tmp_path):
    beside("ia3-run", "ia3")
    opened(page, qtbot)
    compare(page, qtbot, "IA3")
    assert page.view.choose("2")

    def marked(part):
        return [
            part.text.text()[mark.start : mark.start + mark.length]
            for mark in part.text.marks()
            if mark.kind == "new"
        ]

    first, second = page.detail.adapters
    assert (marked(first), marked(second)) == (["Ann", "five"], ["Carl", "six"])
    assert page.detail.against.texts() == ["The other adapters", "The reference"]
    assert marked(page.detail.base) == []
    assert page.detail._legends["others"].isVisible()
    assert not page.detail._legends["other"].isVisible()
    with qtbot.waitSignal(page.try_requested) as pressed:
        page.try_button.click()
    assert len(set(pressed.args[0])) == 2
    assert pressed.args[0][0] == "starter-lora"
    rows = exported(page, qtbot, tmp_path)
    assert [row["IA3: summary"] for row in rows] == list(OTHER)
    assert [row["LoRA, r 16: rouge1"] for row in rows] == ["0.3", "0.4", "0.8"]


def test_runs_of_another_protocol_are_refused_with_the_reason(page, qtbot):
    beside("beams", "ia3", protocol={"split": "test", "examples": 3, "beams": 4})
    opened(page, qtbot)
    page.compare_button.click()
    qtbot.waitUntil(page.chooser.isVisible, timeout=WAIT)
    chooser = page.chooser
    [refused] = chooser.table.items()
    assert [head.title for head in chooser.table.headings()] == ["Scored differently"]
    assert chooser.table.index(1, 0).data() == "IA3. Scored with other decoding."
    chooser.view.check_pressed.emit(refused)
    assert chooser.table.chosen() == []
    chooser.cancel_button.click()
    assert page.splitter.isVisible()


def test_no_more_runs_are_taken_than_have_room(page, qtbot):
    for index in range(6):
        beside(f"run-{index}", "ia3")
    opened(page, qtbot)
    page.compare_button.click()
    qtbot.waitUntil(page.chooser.isVisible, timeout=WAIT)
    for candidate in page.chooser.table.items()[:6]:
        page.chooser.view.check_pressed.emit(candidate)
    assert not page.chooser.compare_button.isEnabled()
    page.chooser.view.check_pressed.emit(page.chooser.table.items()[0])
    assert page.chooser.compare_button.isEnabled()


def test_the_window_leads_from_a_run_to_its_conversations_and_into_the_playground(story, qtbot):
    job = add_scored_run(scores=some_scores())
    window = story.open("history")
    train = window.built("train")
    train.open_run(job.id)
    train.run_view.examples_wanted.emit()
    examples = window.built("examples")
    assert window.current_key() == "examples"
    qtbot.waitUntil(lambda: examples.view.current() is not None, timeout=WAIT)
    examples.try_button.click()
    assert window.current_key() == "playground"
    assert window.built("playground").panel.conversation == TALK

    # Without a run that was opened, the newest is shown.
    other = story.open("examples").built("examples")
    qtbot.waitUntil(lambda: other.view.current() is not None, timeout=WAIT)
