"""A worker that answers when the page that asked is gone."""

from __future__ import annotations

from typing import Any

import pytest
import shiboken6
from PySide6.QtCore import QObject, Signal

from gui.engine import Engine
from gui.pages.data_page import DataPage
from gui.pages.labelling_page import LabellingPage


class Answer(QObject):
    """What stands in for the thread of a job: its answer comes when the test says so."""

    result = Signal(dict)


@pytest.mark.parametrize("page_class", [DataPage, LabellingPage])
def test_an_answer_that_comes_when_its_page_is_gone_is_nobodys(
    page_class: Any, qtbot, home, styled, monkeypatch
):
    engine, answer = Engine(), Answer()
    monkeypatch.setattr(engine, "ask", lambda *_arguments, **_named: answer)
    page = page_class(engine)
    page.shown()
    shiboken6.delete(page)
    with qtbot.captureExceptions() as raised:
        answer.result.emit({"models": [{"id": "starter"}]})
    assert not raised
    engine.leave()
