"""What the data page asks before data can be read, and what it does with the answers."""

import json

from PySide6.QtWidgets import QFileDialog

from engine.api import Problem
from gui.pages.data.page import DataPage
from gui.pages.data.page_layout import Question
from tests.helpers.table_files import write


def chat(number: int) -> dict[str, str]:
    return {
        "id": f"c{number}", "dialogue": f"Ann: number {number}\nBo: well", "summary": f"Ann says {number}.",
    }  # fmt: skip


def checked(page: DataPage, qtbot, source: str) -> None:
    page.open(source)
    qtbot.waitUntil(lambda: not page.checker.is_busy)


def test_files_whose_names_tell_no_split_are_asked_about_and_the_answer_is_followed(page, qtbot, tmp_path):
    for name in ("MyTrainingSet", "testdata", "extra"):
        write(tmp_path / f"{name}.jsonl", [chat(len(name) * 10 + number) for number in range(3)])
    checked(page, qtbot, str(tmp_path))
    asked = page.parts.asked
    assert asked.isVisible()
    assert "extra.jsonl" in asked.text()
    assert not page.use_button.isVisible()
    assert [button.text() for button in asked.buttons][:2] == ["Leave them out", "Train on them"]
    asked.buttons[1].click()
    qtbot.waitUntil(lambda: page.report is not None and not page.checker.is_busy)
    assert not asked.isVisible()
    assert page.values()["unnamed_files"] == "train"
    assert page.parts.figures.texts()[0] == "6 train"
    assert "extra.jsonl" in page.parts.remarks.text()
    page.parts.remarks.action_button().click()
    qtbot.waitUntil(lambda: not page.checker.is_busy)
    assert asked.isVisible()


def test_many_broken_rows_are_all_listed_before_and_after_consent(page, qtbot, tmp_path, monkeypatch):
    rows = [json.dumps(chat(number)) for number in range(60)]
    rows[::6] = ['{"dialogue": "Ann: hi'] * 10
    (tmp_path / "some.jsonl").write_text("\n".join(rows))
    places = [f"line {number + 1}" for number in range(0, 60, 6)]
    checked(page, qtbot, str(tmp_path / "some.jsonl"))
    view = page.parts.broken_rows
    assert (view.isVisible(), view.places()) == (True, places)
    assert "some.jsonl" in page.parts.asked.text()
    target = tmp_path / "broken.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    view.export_button.click()
    assert target.read_text("utf-8-sig").splitlines()[1].startswith("line 1,it is not JSON")
    page.parts.asked.buttons[0].click()
    assert not view.isVisible()
    qtbot.waitUntil(lambda: page.report is not None and not page.checker.is_busy)
    assert (view.isVisible(), view.places()) == (True, places)
    assert page.values()["broken_rows"] == "leave_out"
    assert page.parts.asked.isHidden()
    page.parts.remarks.action_button().click()
    qtbot.waitUntil(lambda: not page.checker.is_busy)
    assert (page.report, view.places()) == (None, places)
    page.parts.source.set_source("sample")
    assert not view.isVisible()


def test_lists_that_may_be_sentences_or_summaries_are_asked_about_and_can_be_turned(page, qtbot, tmp_path):
    parts = ["Ann can not decide which boots to buy.", "Bob helps Ann with the boots."]
    rows = [chat(number) | {"summary": parts} for number in range(5)]
    checked(page, qtbot, str(write(tmp_path / "lists.jsonl", rows)))
    asked, mapping = page.parts.asked, page.parts.source.mapping
    assert asked.isVisible()
    assert page.parts.preview_table.isVisible()
    asked.buttons[0].click()
    qtbot.waitUntil(lambda: page.report is not None and not page.checker.is_busy)
    assert page.values()["summary_lists"] == "sentences"
    assert "sentences of one summary" in mapping.reason.text()
    assert page.parts.row_view.row().summary == " ".join(parts)
    mapping.reading["summary_lists"].set_key("references")
    mapping.reading["summary_lists"].chosen.emit("references")
    qtbot.waitUntil(lambda: not page.checker.is_busy)
    assert page.parts.row_view.row().summary == parts[0]


def test_a_guessed_encoding_is_said_and_another_one_can_be_chosen(page, qtbot, tmp_path):
    rows = "".join(f'"Ann: {n} caf\u00e9?\nBob: s\u00ed",S{n}\n' for n in range(12))
    (tmp_path / "mac.csv").write_bytes(f"dialogue,summary\n{rows}".encode("mac_roman"))
    checked(page, qtbot, str(tmp_path / "mac.csv"))
    mapping = page.parts.source.mapping
    assert "If accents look wrong" in page.parts.remarks.text()
    mapping.reading["encoding"].set_key("mac_roman")
    mapping.reading["encoding"].chosen.emit("mac_roman")
    qtbot.waitUntil(lambda: not page.checker.is_busy)
    assert page.row_preview.rows[0]["dialogue"] == "Ann: 0 caf\u00e9?\nBob: s\u00ed"
    assert page.values()["encoding"] == "mac_roman"
    assert page.parts.remarks.isHidden()


def test_what_was_guessed_by_content_is_told_and_turned_round_by_a_click(page, qtbot, tmp_path):
    rows = [
        {"a": f"They meet at {n} in the park.", "b": f"Ann: At {n}?\nBo: Yes, in the park, I bring the ball."}
        for n in range(12)
    ]
    checked(page, qtbot, str(write(tmp_path / "two.jsonl", rows)))
    mapping = page.parts.source.mapping
    assert "it contains turns of speakers" in mapping.reason.text()
    assert page.parts.row_view.row().summary.startswith("They meet at")
    mapping.turn_button.click()
    qtbot.waitUntil(lambda: not page.checker.is_busy)
    assert page.parts.row_view.row().conversation.startswith("They meet at")
    assert (page.values()["conversation"], page.values()["summary"]) == ("a", "b")


def test_a_choice_that_depends_on_the_data_has_a_button_for_each_of_it(qtbot):
    asked = qtbot.add(Question())
    problem = Problem(
        "data.sheet", "a.db has several tables with texts: talks, others.", "", ("talks", "others")
    )
    assert asked.ask([problem]) == "data.sheet"
    assert [button.text() for button in asked.buttons] == ["talks", "others"]
    with qtbot.waitSignal(asked.answered) as answered:
        asked.buttons[1].click()
    assert answered.args == ["sheet", "others"]
