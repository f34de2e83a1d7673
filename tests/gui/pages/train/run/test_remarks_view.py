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


def test_a_single_remark_is_shown_and_several_fold_into_one_line_anew_for_each_run(qtbot):
    view = RemarksView()
    qtbot.addWidget(view)

    def shown():
        return [strip.text() for strip in view.strips if strip.isVisibleTo(view)]

    view.show_notices([notice("One.", "Do it.")])
    assert not view.line.isVisibleTo(view)
    assert shown() == ["One. Do it."]
    said = [notice("One."), notice("Two.")]
    view.show_notices(said)
    assert view.line.text() == "2 remarks. The last: Two."
    assert shown() == []
    view.line.action_button().click()
    assert shown() == ["One.", "Two."]
    view.begin()
    view.show_notices(said)
    assert shown() == []
    view.show_notices([])
    assert not view.isVisibleTo(None)
