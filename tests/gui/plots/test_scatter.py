"""Two figures of each entry: the front, the axes, and how points are picked."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from gui.models.intervals import ConfidenceInterval
from gui.plots.scatter import SCORE, Axis, Point, Scatter

PARAMETERS = Axis("trainable parameters", "lower", log=True)


def point(name: str, cost: float, mean: float) -> Point:
    return Point(name, f"{name}, whole", name, cost, ConfidenceInterval(mean, mean - 0.01, mean + 0.01))


POINTS = (
    point("full", 250e6, 0.487),
    point("lora", 3.5e6, 0.484),
    point("loha", 3.5e6, 0.479),
    point("ia3", 100e3, 0.474),
    point("prompt", 0, 0.466),
)


@pytest.fixture
def scatter(styled, qtbot):
    made = Scatter()
    qtbot.addWidget(made)
    made.resize(480, 300)
    made.show_points(POINTS, 0.469, across=PARAMETERS, chosen="lora")
    made.show()
    qtbot.waitExposed(made)
    return made


def test_the_front_leaves_out_what_another_beats(scatter):
    assert scatter.front() == ["prompt", "ia3", "lora", "full"]
    assert scatter.accessibleDescription().endswith(
        "No entry beats prompt, whole, ia3, whole, lora, whole, full, whole"
    )


def test_nothing_trained_stands_left_of_the_powers_of_ten(scatter):
    frame = scatter.frame()
    across, _ = scatter.ticks(frame)
    assert [text for _, text in across] == ["0", "100 k", "1 M", "10 M", "100 M"]
    places = [scatter.position_of(each).x() for each in ("prompt", "ia3", "lora", "full")]
    assert places == sorted(places)
    assert frame.rect.contains(scatter.position_of("prompt"))


def test_minutes_stand_on_a_plain_axis(scatter):
    minutes = [point("a", 10.0, 0.4), point("b", 20.0, 0.5)]
    scatter.show_points(minutes, None, across=Axis("minutes", "lower"), chosen="")
    across, up = scatter.ticks(scatter.frame())
    assert all(9.0 <= value <= 21.0 for value, _ in across)
    assert [text for _, text in up] == ["40", "45", "50"]


def test_a_press_picks_the_nearest_point_within_reach(scatter, qtbot):
    with qtbot.waitSignal(scatter.picked) as picked:
        QTest.mouseClick(scatter, Qt.MouseButton.LeftButton, pos=scatter.position_of("ia3").toPoint())
    assert picked.args == ["ia3"]
    assert scatter.point_at(QPointF(2, 2)) is None


def test_left_and_right_walk_along_the_costs_and_stay_inside(scatter, qtbot):
    seen: list[str] = []
    scatter.picked.connect(seen.append)
    for key in [Qt.Key.Key_Right] * 3 + [Qt.Key.Key_Left] * 9:
        QTest.keyClick(scatter, key)
    assert seen[:3] == ["full", "full", "full"]
    assert seen[3:6] == ["lora", "loha", "ia3"]
    assert seen[-1] == "prompt"


def test_without_points_it_says_so_and_draws_its_axes(scatter):
    scatter.show_points([], None, across=PARAMETERS, chosen="")
    assert scatter.accessibleDescription() == "No entry is scored yet."
    assert not scatter.grab().isNull()
    QTest.keyClick(scatter, Qt.Key.Key_Right)


FORGETTING = Axis("nats", "lower", 1.0)


def test_the_front_follows_the_better_direction_of_each_axis(scatter):
    # Less forgotten is better across, a higher score upwards.
    scatter.show_points(
        [point("a", -0.1, 0.4), point("b", 0.2, 0.5), point("c", 0.3, 0.45)],
        0.3,
        across=FORGETTING,
        chosen="",
    )
    assert scatter.front() == ["a", "b"]
    # The scores across, what was forgotten upwards.
    turned = [point("a", 0.4, -0.1), point("b", 0.5, 0.2), point("c", 0.45, 0.3)]
    scatter.show_points(turned, 0.0, across=SCORE, up=FORGETTING, chosen="")
    assert scatter.front() == ["b", "a"]
    across, up = scatter.ticks(scatter.frame())
    assert [text for _, text in across][:1] == ["40"]
    assert "−0.1" in [text for _, text in up]
    assert not scatter.grab().isNull()


def test_a_figure_that_is_neither_good_nor_bad_has_no_front(scatter):
    scatter.show_points(POINTS, None, across=Axis("words", "neither", 1.0), chosen="")
    assert scatter.front() == []
    assert "No entry beats" not in scatter.accessibleDescription()


def test_a_cost_can_stand_upwards(scatter):
    turned = [point("a", 0.4, 1000.0), point("b", 0.5, 1e6), point("c", 0.3, 0.0)]
    scatter.show_points(turned, None, across=SCORE, up=PARAMETERS, chosen="b")
    assert scatter.front() == ["b", "a", "c"]
    _, up = scatter.ticks(scatter.frame())
    assert [text for _, text in up] == ["0", "1,000", "10 k", "100 k", "1 M"]
    assert scatter.frame().rect.contains(scatter.position_of("c"))


def test_equal_values_stand_in_the_middle(scatter):
    for up in (SCORE, FORGETTING, PARAMETERS):
        scatter.show_points(
            [point("a", 5.0, 0.4), point("b", 5.0, 0.4)], None, across=FORGETTING, up=up, chosen=""
        )
        assert scatter.frame().rect.contains(scatter.position_of("a"))
