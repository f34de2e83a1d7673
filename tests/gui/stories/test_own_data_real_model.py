"""The second run: one's own CSV on a real model's shape, chosen by click, typing, paste and drop, up to its verdict."""

import json
import shutil

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication

from gui.pages.train.verdict_card import VerdictCard
from tests.helpers.story_window import click
from tests.helpers.table_files import write
from tests.helpers.tiny_models import tiny_model
from tests.helpers.train_stage import COMPLETE, PLAN, texts

# The offscreen platform warns of each popup.
pytestmark = pytest.mark.qt_log_ignore("^This plugin does not support")


@pytest.fixture
def smollm(tmp_path):
    """A random Llama of SmolLM2's kind: a narrow one with few heads for keys."""
    folder = shutil.copytree(tiny_model("llama"), tmp_path / "SmolLM2-135M")
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    wider = {"hidden_size": 144, "intermediate_size": 384, "num_attention_heads": 9, "num_key_value_heads": 3}
    (folder / "config.json").write_text(json.dumps(config | wider | {"head_dim": 16}), encoding="utf-8")
    return str(folder)


@pytest.fixture
def calls(tmp_path):
    rows = [
        {"conversation": f"Ann: At {hour}?\nBo: Yes.", "summary": f"Ann and Bo meet at {hour}."}
        for hour in range(60)
    ]
    return str(write(tmp_path / "calls.csv", rows))


def _click(chooser):
    QTest.mouseClick(chooser.lineEdit(), Qt.MouseButton.LeftButton)
    assert chooser.view().isVisible()


def _drop(chooser, path):
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(path)])
    how = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(chooser.lineEdit(), QDragEnterEvent(QPoint(4, 4), *how))
    QApplication.sendEvent(chooser.lineEdit(), QDropEvent(QPointF(4, 4), *how))


def test_own_data_on_a_real_model_leads_to_a_verdict(planning_story, smollm, calls):
    story = planning_story
    window = story.open()
    data = window.show_built("data")
    story.scripts["check_data"] = [["answer", {}]]
    data.parts.source.remember(calls, "calls.csv")
    train = window.show_built("train")
    form, plans = train.panel.form, []
    train.manager.planner.planned.connect(plans.append)
    base, source = form.base_model_chooser(), form.field("data.source").control.widget
    story.until(lambda: plans and source.findText(calls) >= 0)

    # By a click: what was checked on the data page is in the list.
    plans.clear()
    _click(source)
    source.view().setCurrentIndex(source.model().index(source.findText(calls), 0))
    QTest.keyClick(source.view(), Qt.Key.Key_Return)
    assert form.tables()["data"]["source"] == calls
    # By typing into the open list; until its plan is there, nothing of the practice model is told.
    _click(base)
    QTest.keyClicks(base.view(), smollm[0])
    QTest.keyClicks(base.lineEdit(), smollm[1:])
    QTest.keyClick(base.lineEdit(), Qt.Key.Key_Return)
    assert form.tables()["base_model"]["id"] == smollm
    assert texts(train.panel).count("Updating…") == 1
    assert "M parameters" not in texts(form)
    cards = form.method_field.cards.findChildren(QAbstractButton)
    assert not any("parameters" in card.accessibleDescription() for card in cards)
    story.until(lambda: plans and "decoder-only" in texts(form))
    assert "Updating…" not in texts(train.panel)
    assert "48 conversations to train on" in texts(form)

    # By pasting and by dropping.
    base.pick("starter")
    _click(base)
    QGuiApplication.clipboard().setText(f'"{smollm}"')
    QTest.keySequence(base.view(), "Ctrl+V")
    assert form.tables()["base_model"]["id"] == smollm
    source.pick("sample")
    _drop(source, calls)
    assert form.tables()["data"]["source"] == calls
    plans.clear()
    train.plans.plan()
    story.until(lambda: plans)
    assert train.panel.start_button.isEnabled(), train.panel.form.problems()

    story.scripts["train"] = COMPLETE
    click(train.panel.start_button)
    assert train.run_view.isVisible()
    story.until(lambda: isinstance(train.run_view.card, VerdictCard))
    assert "Better than the base model" in texts(train.run_view.card)
    assert "practice model" not in texts(train.run_view.card)

    # What was used is offered from now on.
    click(train.runs.new_button)
    story.until(lambda: base.findText(smollm) == 1 and source.findText(calls) == 1)


@pytest.mark.slow("gui/forms/", "gui/pages/", "gui/workers/")
def test_after_the_practice_model_a_real_one_is_chosen_for_the_same_data(story, calls):
    story.scripts["models"] = [
        ["by_action", {"list": {"models": [{"id": "starter", "family": "encoder-decoder"}]}}]
    ]
    story.scripts["plan"] = [["answer", PLAN | {"precision": "bfloat16", "seconds": 540.0}]]
    train = story.open().show_built("train")
    source = train.panel.form.field("data.source").control.widget
    for data, is_practice in (("sample", False), (calls, True)):
        source.pick(data)
        story.until(train.panel.start_button.isEnabled)
        click(train.panel.start_button)
        story.until(lambda: isinstance(train.run_view.card, VerdictCard) and not train.model.running)
        assert ("practice model is for trying the app" in texts(train.run_view.card)) == is_practice
        if not is_practice:
            click(train.runs.new_button)

    click(train.run_view.card.practice.action_button())
    assert train.right.base_models.isVisible()
    assert train.panel.form.tables()["data"]["source"] == calls
    story.until(lambda: "Well-known models to download" in texts(train.right.base_models))
    # Whether it fits, and the time for this data.
    story.until(lambda: "Fits in bfloat16" in texts(train.right.base_models))
    assert "about 9 min" in texts(train.right.base_models)
