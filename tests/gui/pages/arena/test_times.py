"""What an arena says of time: how long queue and entries still take, and training apart from the whole run."""

import pytest
from PySide6.QtCore import Qt

from engine.api import arenas
from gui.models.arena_table import ArenaTable
from gui.pages.arena.lower_pane import DifferencesTable, QueueTable, QueueView
from tests.helpers.arenas import FULL, make_arena, score
from tests.helpers.homes import RunSpec, add_run


def statuses() -> list[arenas.EntryStatus]:
    return arenas.Reader().read(arenas.list_arenas()[0][0])


def test_the_queue_says_how_long_it_still_takes_as_soon_as_that_is_known(home, qtbot):
    arena = make_arena("lora", "ia3", "layernorm")
    queue = qtbot.add(QueueView())
    queue.show_queue(statuses(), "")
    assert queue.left.text() == "3 left"
    told = RunSpec(outcome=None, gain=None, seconds=750.0, facts={"trainable_parameters": 1000})
    score(arena, 0, FULL, facts={"seconds": 600.0}, spec=told)
    queue.show_queue(statuses(), "")
    assert queue.left.text() == "2 left, about 25 min left"
    scores = ArenaTable()
    scores.set_groups(arenas.groups(statuses()))
    minutes = [column.key for column in scores.columns].index("minutes")
    assert (scores.columns[minutes].title, scores.index(0, minutes).data()) == ("Training, min", "10.0")
    tip = scores.index(0, minutes).data(Qt.ItemDataRole.ToolTipRole)
    assert "The whole run took 12 min 30 s." in tip
    table = queue.table
    assert [table.index(at, 1).data() for at in range(3)] == ["12 min 30 s", "about 12 min", "about 12 min"]
    assert table.index(0, 1).data(Qt.ItemDataRole.ToolTipRole) == (
        "whole run 12 min 30 s, training alone 10 min"
    )


@pytest.mark.parametrize(
    ("seconds", "text"), [(40.0, "less than a minute"), (600.0, "about 10 min"), (6700.0, "about 1 h 50 min")]
)
def test_a_running_entry_says_what_is_left_of_it_as_all_else_does(home, seconds, text):
    arena = make_arena("lora")
    [waiting] = statuses()
    job = add_run(
        waiting.recipe, RunSpec(steps=50, total_steps=100, seconds=seconds, outcome=None, gain=None)
    )
    arenas.set_run(arena, arena.entries[0].id, job.id)
    table = QueueTable()
    table.set_statuses(statuses(), job.id)
    assert table.index(0, 1).data() == text
    assert table.index(0, 1).data(Qt.ItemDataRole.ToolTipRole) == f"50\u00a0% trained, {text} left"
    assert table.seconds_left == pytest.approx(seconds)


ONE = {"method": {"id": "lora"}, "training": {"max_minutes": 0.0, "optimizer": "adamw"}}
OTHER = {"method": {"id": "ia3"}, "training": {"max_minutes": 5.0, "optimizer": "adamw_8bit"}}


def test_settings_and_values_are_called_as_the_form_calls_them():
    table = DifferencesTable(None)
    table.show_values(["A", "B"], arenas.differences([ONE, OTHER]))
    shown = [[table.cell(item, key).text for key in ("key", "0", "1")] for item in table.items()]
    assert shown == [
        ["Method", "LoRA", "IA3"],
        ["Minutes at most", "no limit", "5"],
        ["Optimizer", "AdamW", "AdamW, 8 bits"],
    ]
