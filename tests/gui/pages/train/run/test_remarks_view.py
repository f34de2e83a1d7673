"""The remarks of a run: each once, folded into one line if there are several."""

from __future__ import annotations

from gui.pages.train.run.remarks_view import RemarksView, distinct


def notice(message: str, hint: str = "", level: str = "notice") -> dict[str, str]:
    return {"event": "notice", "message": message, "hint": hint, "level": level}


def test_what_a_resumed_run_says_again_counts_once():
    said = [notice("One."), notice("Two.", "Do it."), notice("One."), notice("Two.")]
    assert [(each["message"], each["hint"]) for each in distinct(said)] == [
        ("Two.", "Do it."),
        ("One.", ""),
        ("Two.", ""),
    ]


def test_a_single_remark_is_shown_with_what_to_do(qtbot):
    view = RemarksView()
    qtbot.addWidget(view)
    view.show_notices([notice("One.", "Do it.")])
    assert view.isVisibleTo(None)
    assert not view.line.isVisibleTo(view)
    assert [strip.text() for strip in view.strips] == ["One. Do it."]

    view.show_notices([])
    assert not view.isVisibleTo(None)


def test_another_run_is_folded_again(qtbot):
    view = RemarksView()
    qtbot.addWidget(view)
    said = [notice("One."), notice("Two.")]
    view.show_notices(said)
    view.line.action_button().click()
    assert [strip.text() for strip in view.strips if strip.isVisibleTo(view)] == ["One.", "Two."]
    view.begin()
    view.show_notices(said)
    assert not any(strip.isVisibleTo(view) for strip in view.strips)
