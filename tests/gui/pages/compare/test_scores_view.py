import pytest

from gui.models.grouped_table import CELL_ROLE, ScoreCell
from gui.pages.compare import systems
from gui.pages.compare.scores_view import ScoresView, base_of, comparison_rows
from gui.pages.compare.systems import Wanted
from tests.helpers.example_library import fill_library
from tests.helpers.homes import add_adapter, score_card


@pytest.fixture
def shown(home, qtbot):
    """Return a function that shows adapters of a library side by side."""
    fill_library()

    def show(*ids: str) -> ScoresView:
        view = qtbot.place(ScoresView(), 1232, 900)
        view.show_found(systems.read([Wanted(each) for each in ids]))
        return view

    return show


def test_scores_stand_on_one_scale_and_what_is_the_same_can_be_left_out(shown):
    view = shown("samsum-lora-r32", "samsum-prefix-20")
    assert not view.remark.isVisible()
    first, base = view.systems.items()[1:], view.systems.items()[0]
    assert (base.name, base.difference) == ("Base model (google/flan-t5-base)", None)
    assert [line.name for line in first] == ["samsum-lora-r32", "samsum-prefix-20"]
    column = [each.key for each in view.systems.columns].index("score")
    bars = [view.systems.index(row, column).data(CELL_ROLE) for row in range(3)]
    assert len({(bar.axis, bar.base) for bar in bars}) == 1
    verdict = [each.key for each in view.systems.columns].index("verdict")
    assert [view.systems.index(row, verdict).data() for row in (1, 2)] == ["Better", "No difference"]

    table = view.table
    assert table.headings()[0].title == "Scores, bars from 0 to 100"
    cells = [
        table.index(table.row_of(name), at).data(CELL_ROLE) for name in ("rouge2", "rougeL") for at in (2, 3)
    ]
    assert all(isinstance(cell, ScoreCell) for cell in cells)
    assert {cell.axis for cell in cells} == {(0.0, 1.0)}
    assert table.row_of("Origin Base model") >= 0
    view.differences.setChecked(True)
    titles = [row.title for row in table.items()]
    assert "Base model" not in titles
    assert "Method" in titles


def test_scores_of_another_protocol_or_base_are_said_not_to_be_comparable(shown):
    view = shown("samsum-lora-r32", "starter-full")
    assert view.remark.isVisible()
    assert [line.name for line in view.systems.items()] == ["samsum-lora-r32", "starter-full"]
    assert view.headline.text() == ""


def test_an_adapter_without_scores_is_compared_too_and_names_leave_out_what_they_share(home):
    for name, scores in (("chats · flan · IA3", [score_card(0.48)]), ("chats · flan · LoRA", [])):
        add_adapter(name, scores=scores)
    found = systems.read([Wanted("chats · flan · IA3"), Wanted("chats · flan · LoRA")])
    assert [each.label for each in found.systems] == ["IA3", "LoRA"]
    assert [each.label for each in systems.read([Wanted("chats · flan · IA3")]).systems] == [
        "chats · flan · IA3"
    ]
    rows = {row.key: row for row in comparison_rows(found.systems) if hasattr(row, "key")}
    assert rows["scored_on"].cells[1].text == "Not scored yet"
    assert rows["rouge2"].cells[1].text == "–"


def test_metrics_beyond_rouge_stand_beside_those_of_the_base_with_their_verdicts(home):
    update = {
        "measures": {"words": {"mean": 21.4}, "capped": {"mean": 0.01}},
        "base_measures": {"words": {"mean": 60.0}, "capped": {"mean": 0.4}},
        "measure_difference": {
            "words": {"mean": -38.6, "low": -40.0, "high": -37.0, "verdict": "lower"},
            "capped": {"mean": -0.39, "low": -0.42, "high": -0.3, "verdict": "better"},
        },
    }
    add_adapter("measured", scores=[score_card(0.61).model_copy(update=update)])
    [system] = systems.read([Wanted("measured")]).systems
    base = base_of([system])
    assert base is not None
    rows = {row.title: row.cells for row in comparison_rows([base, system]) if hasattr(row, "key")}
    assert [cell.text for cell in rows["Length in words"]] == ["60.0", "21.4"]
    assert [cell.text for cell in rows["Truncated"]] == ["40.0\u00a0%", "1.0\u00a0%"]
    assert (rows["Truncated"][1].icon, rows["Truncated"][1].token) == ("arrow-down", "accent")
