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
from gui.pages.compare.page import ComparePage
from gui.tables.grouped_view import GroupedTableView
from tests.helpers.scored_runs import add_scored_run

TALK = "Ann: Shall we meet at five?\nBo: Yes, at the station."
BASE = ("Ann and Bo meet.", "Bo is late.", "Carl meets Bo at six.")
TUNED = ("They meet at five.", "Bo is late.", "Ann meets Bo at five.")


def some_scores() -> ExampleScores:
    return ExampleScores(
        schema=1, protocol={"split": "test", "examples": 3, "beams": 1}, examples=("a", "b", "c"),
        base=Written(summaries=BASE, rouge={"rouge1": (0.5, 0.4, 0.1)}),
        tuned=Written(summaries=TUNED, rouge={"rouge1": (0.3, 0.4, 0.8)}),
        texts=tuple(Texts(conversation=TALK, references=(f"Reference {name}.",)) for name in "abc"),
    )  # fmt: skip


@pytest.fixture
def page(home, qtbot) -> ComparePage:
    made = qtbot.place(ComparePage(), 1232, 900)
    made.show_tab("conversations")
    return made


def opened(page: ComparePage, qtbot, kept: ExampleScores | None = None):
    job = add_scored_run(scores=kept or some_scores())
    show(page, qtbot, job)
    return job


def show(page: ComparePage, qtbot, job) -> None:
    page.open_runs([(job.id, "")], "conversations")
    qtbot.waitUntil(lambda: not page.is_reading)


def listed(view: GroupedTableView) -> list[str]:
    return [row.id for row in view.table().items()]


def test_conversations_are_sorted_searched_marked_tried_and_exported(page, qtbot, qapp, tmp_path):
    tab = page.conversations
    opened(page, qtbot)
    assert listed(tab.view) == ["c", "b", "a"]
    said = "ROUGE-1 rose on 1, fell on 1, unchanged on 1."
    assert page.header.subtitle() == "3 test conversations, greedy"
    assert said in tab.summary.text()
    marked = {
        side: [
            (mark.kind, part.text.text()[mark.start : mark.start + mark.length]) for mark in part.text.marks()
        ]
        for side, part in (("base", tab.detail.base), ("tuned", tab.detail.tuned))
    }
    assert marked["tuned"] == [("new", "Ann"), ("new", "five")]
    assert marked["base"] == [("new", "Carl"), ("new", "six"), ("attention", "Carl"), ("attention", "six")]
    assert tab.detail.against.texts() == ["Base", "The reference"]
    tab.detail.against.set_current("reference")
    tab.detail.against.currentChanged.emit("reference")
    assert [mark.kind for mark in tab.detail.tuned.text.marks()] == ["new"]

    try:
        style.apply(qapp, "dark")
        assert tab.view.current().id == "c"
        assert tab.detail.isVisible()
        assert page.try_button.isEnabled()
    finally:
        style.apply(qapp, "light")
    wanted = Example("c", TALK, "Reference c.")
    for act in (lambda: tab.view.link_pressed.emit(tab.view.current(), "try"), page.try_button.click):
        with qtbot.waitSignal(page.try_requested) as pressed:
            act()
        assert pressed.args == [["starter-lora"], wanted]

    for order, expected in (("loss", "abc"), ("disagreement", "acb"), ("given", "abc")):
        tab.orders.set_current(order)
        tab.orders.currentChanged.emit(order)
        assert listed(tab.view) == list(expected)
        assert tab.view.current().id == expected[0]
    rows = exported(page, qtbot, tmp_path)
    assert [row["tuned summary"] for row in rows] == list(TUNED)
    assert rows[2]["tuned rouge1"] == "0.8"
    tab.export(tmp_path / "nowhere" / "conversations.csv")
    qtbot.waitUntil(lambda: "can't be written" in tab.notice.text())
    tab.search.searched.emit("late bo")
    assert listed(tab.view) == ["b"]
    assert "1 of 3 conversations found" in tab.summary.text()
    tab.search.searched.emit("nobody said this")
    assert tab.view.isHidden()
    assert not page.try_button.isEnabled()


def exported(page, qtbot, folder):
    """Export what is shown; return its rows."""
    tab = page.conversations
    path = folder / "conversations.csv"
    tab.export(path)
    qtbot.waitUntil(tab.notice.isVisible)
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines(keepends=True)))


def test_a_tooltip_shows_markup_of_the_data_as_text(page, qtbot, monkeypatch):
    tab = page.conversations
    shown: list[str] = []
    monkeypatch.setattr(QToolTip, "showText", lambda _place, text, _widget: shown.append(text))
    said = f"Ann: <img src='file:///nowhere'> {'word ' * 40}"
    scores = some_scores()
    texts = tuple(each.model_copy(update={"conversation": said}) for each in scores.texts)
    opened(page, qtbot, scores.model_copy(update={"texts": texts}))
    index = tab.table.index(0, 0)
    option = QStyleOptionViewItem()
    option.rect = tab.view.visualRect(index)
    event = QHelpEvent(QEvent.Type.ToolTip, option.rect.center(), option.rect.center())
    tab.view.itemDelegate().helpEvent(event, tab.view, option, index)
    plain = QTextDocument()
    plain.setHtml(shown[0])
    assert plain.toPlainText().startswith("Ann: <img src='file:///nowhere'> word word")


def test_a_summary_without_a_word_and_what_an_earlier_version_did_not_keep_are_said(page, qtbot):
    tab = page.conversations
    scores = some_scores()
    empty = scores.tuned.model_copy(update={"summaries": ("", "", "")})
    opened(page, qtbot, scores.model_copy(update={"tuned": empty}))
    assert tab.detail.tuned.text.text() == "The summary is empty."
    assert tab.detail.tuned.text.marks() == ()
    job = add_scored_run(scores=some_scores().model_copy(update={"texts": ()}), adapter_name="older")
    show(page, qtbot, job)
    assert listed(tab.view) == ["c", "b", "a"]
    assert not page.try_button.isEnabled()
    assert {mark.kind for mark in tab.detail.base.text.marks()} == {"new"}
    (job.folder / example_scores.FILE_NAME).unlink()
    show(page, qtbot, job)
    qtbot.waitUntil(tab.splitter.isHidden)
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
    tab = page.conversations
    page.add_button.click()
    qtbot.waitUntil(page.chooser.isVisible)
    for candidate in page.chooser.table.items():
        if candidate.label in labels:
            page.chooser.view.check_pressed.emit(candidate)
    page.chooser.compare_button.click()
    qtbot.waitUntil(tab.splitter.isVisible)
    qtbot.waitUntil(lambda: not page.is_reading)


def test_several_runs_stand_beside_one_another(page, qtbot):
    tab = page.conversations
    beside("ia3-run", "ia3")
    opened(page, qtbot)
    compare(page, qtbot, "IA3")
    table = tab.table
    assert [column.title for column in table.columns if column.key.startswith("gain:")] == [
        "starter-lora",
        "ia3-run",
    ]
    assert "On average, ROUGE-1 rose on 2, fell on 1, unchanged on 0." in tab.summary.text()
    assert listed(tab.view) == ["c", "b", "a"]
    row = table.row_of("1")
    shown = {column.key: table.index(row, at).data() for at, column in enumerate(table.columns)}
    assert (shown["gain:0"], shown["gain:1"], shown["tuned:1"]) == (
        "40.0  +0.0", "90.0  +50.0", "Bo was early.",
    )  # fmt: skip
    assert "starter-lora 40.0, gain +0.0, ia3-run 90.0, gain +50.0" in table.accessible_text(
        table.item_at(row)
    )
    tab.view.order_wanted.emit("gain:1")
    assert listed(tab.view) == ["b", "c", "a"]
    tab.view.order_wanted.emit("gain:0")
    assert listed(tab.view) == ["c", "b", "a"]
    tab.view.order_wanted.emit("disagreement")
    assert listed(tab.view) == ["b", "c", "a"]
    assert tab.orders.current() == "disagreement"


def test_of_several_each_is_marked_against_the_others_and_all_are_tried_and_exported(page, qtbot, tmp_path):
    tab = page.conversations
    beside("ia3-run", "ia3")
    opened(page, qtbot)
    compare(page, qtbot, "IA3")
    assert tab.view.choose("2")

    def marked(part):
        return [
            part.text.text()[mark.start : mark.start + mark.length]
            for mark in part.text.marks()
            if mark.kind == "new"
        ]

    first, second = tab.detail.adapters
    assert (marked(first), marked(second)) == (["Ann", "five"], ["Carl", "six"])
    assert tab.detail.against.texts() == ["The other adapters", "The reference"]
    assert marked(tab.detail.base) == []
    assert tab.detail.legends["others"].isVisible()
    assert not tab.detail.legends["other"].isVisible()
    with qtbot.waitSignal(page.try_requested) as pressed:
        page.try_button.click()
    assert len(set(pressed.args[0])) == 2
    assert pressed.args[0][0] == "starter-lora"
    rows = exported(page, qtbot, tmp_path)
    assert [row["ia3-run: summary"] for row in rows] == list(OTHER)
    assert [row["starter-lora: rouge1"] for row in rows] == ["0.3", "0.4", "0.8"]


def test_runs_of_another_protocol_are_refused_with_the_reason(page, qtbot):
    tab = page.conversations
    beside("beams", "ia3", protocol={"split": "test", "examples": 3, "beams": 4})
    opened(page, qtbot)
    page.add_button.click()
    qtbot.waitUntil(page.chooser.isVisible)
    chooser = page.chooser
    [refused] = chooser.table.items()
    assert [head.title for head in chooser.table.headings()] == ["Scored differently"]
    assert chooser.table.index(1, 0).data() == "IA3. Scored with other decoding."
    chooser.view.check_pressed.emit(refused)
    assert chooser.table.chosen() == []
    chooser.cancel_button.click()
    assert tab.splitter.isVisible()


def test_no_more_runs_are_taken_than_have_room(page, qtbot):
    for index in range(6):
        beside(f"run-{index}", "ia3")
    opened(page, qtbot)
    page.add_button.click()
    qtbot.waitUntil(page.chooser.isVisible)
    for candidate in page.chooser.table.items()[:6]:
        page.chooser.view.check_pressed.emit(candidate)
    assert not page.chooser.compare_button.isEnabled()
    page.chooser.view.check_pressed.emit(page.chooser.table.items()[0])
    assert page.chooser.compare_button.isEnabled()
