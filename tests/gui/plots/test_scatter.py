import pytest
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest

from gui.models.metric_text import ConfidenceInterval
from gui.plots.scatter import SCORE, Axis, Point, Scatter

PARAMETERS = Axis("trainable parameters", "lower", log=True)


def point(name: str, cost: float, mean: float) -> Point:
    return Point(name, f"{name}, whole", name, cost, ConfidenceInterval(mean, mean - 0.01, mean + 0.01))


POINTS = (
    point("full", 250e6, 0.487), point("lora", 3.5e6, 0.484), point("loha", 3.5e6, 0.479),
    point("ia3", 100e3, 0.474), point("prompt", 0, 0.466),
)  # fmt: skip


@pytest.fixture
def scatter(styled, qtbot):
    made = qtbot.add(Scatter())
    made.resize(480, 300)
    made.show_points(POINTS, 0.469, across=PARAMETERS, chosen="lora")
    made.show()
    return made


def test_the_front_leaves_out_what_another_beats(scatter):
    assert scatter.front() == ["prompt", "ia3", "lora", "full"]
    assert scatter.accessibleDescription().endswith(
        "No entry beats prompt, whole, ia3, whole, lora, whole, full, whole"
    )


def test_a_press_picks_the_nearest_point_within_reach(scatter, qtbot):
    with qtbot.waitSignal(scatter.picked) as picked:
        QTest.mouseClick(
            scatter.viewport(), Qt.MouseButton.LeftButton, pos=scatter.position_of("ia3").toPoint()
        )
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


def test_the_interval_of_any_point_is_drawn_whole(scatter):
    (_, (low, high)) = scatter.box.viewRange()
    assert low < min(each.interval.ends[0] for each in POINTS)
    assert high > max(each.interval.ends[1] for each in POINTS)


def test_without_points_it_says_so_and_draws_its_axes(scatter):
    scatter.show_points([], None, across=PARAMETERS, chosen="")
    assert scatter.accessibleDescription() == "No entry is scored yet"
    assert not scatter.grab().isNull()
    QTest.keyClick(scatter, Qt.Key.Key_Right)


FORGETTING = Axis("nats", "lower", 1.0)


def test_the_front_follows_the_better_direction_of_each_axis(scatter):
    # Less forgotten is better across, a higher score upwards.
    scatter.show_points(
        [point("a", -0.1, 0.4), point("b", 0.2, 0.5), point("c", 0.3, 0.45)], 0.3, across=FORGETTING,
        chosen="",
    )  # fmt: skip
    assert scatter.front() == ["a", "b"]
    # The scores across, what was forgotten upwards.
    turned = [point("a", 0.4, -0.1), point("b", 0.5, 0.2), point("c", 0.45, 0.3)]
    scatter.show_points(turned, 0.0, across=SCORE, up=FORGETTING, chosen="")
    assert scatter.front() == ["b", "a"]
    across, up = scatter.axes["bottom"]._tickLevels[0], scatter.axes["left"]._tickLevels[0]
    assert [text for _, text in across][:1] == ["40"]
    assert "−0.1" in [text for _, text in up]
    assert not scatter.grab().isNull()


def test_a_figure_that_is_neither_good_nor_bad_has_no_front(scatter):
    scatter.show_points(POINTS, None, across=Axis("words", "neither", 1.0), chosen="")
    assert scatter.front() == []
    assert "No entry beats" not in scatter.accessibleDescription()
