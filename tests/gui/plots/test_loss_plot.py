import csv
import itertools
import subprocess
import sys

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QMenu

from gui.look import style
from gui.plots.series import MARKED_COLUMNS
from gui.widgets import file_dialogs
from gui.widgets.labels import Label
from tests.helpers.fed_plot import FedPlot


@pytest.fixture
def plot(styled, qtbot):
    made = qtbot.add(FedPlot(100))
    made.resize(800, 320)
    made.show()
    return made


def test_redraws_and_labels_leave_none_alone():
    code = """
import sys
from PySide6.QtWidgets import QApplication, QLabel
from tests.helpers.fed_plot import FedPlot
from gui.plots.series import MARKED_COLUMNS
from gui.look import style
app = QApplication([])
style.apply(app, "light")
label = QLabel()
before = sys.getrefcount(None)
for at in range(1000):
    label.setText(str(at))
assert sys.getrefcount(None) > before - 100, "setText drops references to None"
plot = FedPlot()
plot.resize(420, 200)
plot.show()
def redraw(places):
    for at in places:
        plot.append(at, 1.0 + at % 7)
        plot.redraw()
        app.processEvents()
redraw(range(20))
before = sys.getrefcount(None)
redraw(range(20, 220))
assert sys.getrefcount(None) > before - 100, "a redraw drops references to None"
print("done")
"""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr


def test_many_events_make_one_redraw(plot, qtbot, monkeypatch):
    plot.redraw()
    drawn = []
    monkeypatch.setattr(plot.canvas, "draw", lambda drawing: drawn.append(len(drawing.train)))
    for step in range(1, 201):
        plot.append(step, 1.0)
    assert drawn == []
    qtbot.waitUntil(lambda: bool(drawn))
    assert drawn == [200]


def test_the_waiting_line_goes_with_the_first_step_and_clear_starts_over(plot):
    plot.set_waiting("The first step is being prepared, 12 s left")
    assert plot.waiting.isVisible()
    # The loss before a new start stays to be seen.
    plot.set_former([1, 2, 3], [9.0, 8.0, 7.0])
    plot.append(1, 1.0)
    plot.end(saved_step=1)
    plot.redraw()
    assert not plot.waiting.isVisible()
    assert plot.canvas.former.getData()[0].tolist() == [1, 2, 3]
    assert plot.canvas.viewRange()[1][1] > 7.0
    plot.start(100)
    plot.redraw()
    assert not len(plot.canvas.former.getData()[0])
    assert plot.accessibleDescription() == "No step yet."


def test_odd_data_is_drawn_without_a_warning(plot):
    oddities = ([], [1.0], [1.0, 1.0], [0.0, 0.0], [float("nan")], [1e-9, 1e9])
    for scale, values in itertools.product(("linear", "log"), oddities):
        plot.tools.scale.set_current(scale)
        plot.start(100)
        plot.append_many(range(1, len(values) + 1), values)
        plot.end(saved_step=1)
        plot.redraw()
        assert not plot.grab().isNull()


def test_the_axis_reaches_the_planned_steps_and_the_view_holds_the_middle(plot):
    item = plot.canvas.getPlotItem()
    plot.append(1, 1.0)
    plot.redraw()
    low, high = item.viewRange()[0]
    assert low == 0
    assert 100 <= high <= 102
    assert max(at for at, _ in item.getAxis("bottom")._tickLevels[0]) <= 100
    plot.start(100)
    plot.append_many(range(1, 1001), [1.0 + 0.1 * (at % 5) for at in range(999)] + [80.0])
    plot.redraw()
    assert item.viewRange()[1][1] < 10
    plot.show_all()
    plot.redraw()
    assert item.viewRange()[1][1] > 80


def test_zooming_is_kept_until_the_whole_run_is_asked_for(plot):
    plot.append_many(range(1, 101), [1.0] * 100)
    plot.redraw()
    plot.canvas.getPlotItem().getViewBox().scaleBy(x=0.5)
    plot.canvas.zoom()
    plot.redraw()
    low, high = plot.canvas.getPlotItem().viewRange()[0]
    assert high - low < 60
    plot.show_all(everything=False)
    plot.redraw()
    low, high = plot.canvas.getPlotItem().viewRange()[0]
    assert high - low > 99


def test_losses_and_scores_leave_as_picture_and_table(plot, tmp_path, monkeypatch):
    plot.append_many([1, 2, 3], [3.0, 2.0, 1.0])
    plot.append_evaluations([2, 4], [2.5, 2.0])
    plot.append_scores([3, 4], [0.441, 0.575], 16)
    plot.append_chrf([4], [0.433])
    assert plot.save_png(tmp_path / "loss.png")
    assert QImage(str(tmp_path / "loss.png")).width() >= 800
    assert not plot.save_png(tmp_path / "missing" / "loss.png")
    told = []
    plot.failed.connect(told.append)
    monkeypatch.setattr(file_dialogs, "save_file", lambda *_: tmp_path / "missing" / "loss")
    menu = QMenu()
    plot.tools.add_exports(menu)
    for action in menu.actions():
        action.trigger()
    assert len(told) == 2
    assert all("missing" in text for text in told), told
    plot.save_csv(tmp_path / "loss.csv")
    with (tmp_path / "loss.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [(row["step"], row["loss"], row["evaluation_loss"]) for row in rows] == [
        ("1", "3.0", ""), ("2", "2.0", "2.5"), ("3", "1.0", ""), ("4", "", "2.0"),
    ]  # fmt: skip
    assert [row["evaluation_rouge1"] for row in rows] == ["", "", "0.441", "0.575"]
    assert [row["evaluation_chrf"] for row in rows] == ["", "", "", "0.433"]


def with_scores(plot):
    plot.append_many(range(1, 101), [3.0 - at / 50 for at in range(100)])
    for step, loss, rouge1 in ((50, 2.1, 0.441), (100, 1.2, 0.575)):
        plot.append_evaluations([step], [loss])
        plot.append_scores([step], [rouge1], 16)
    plot.redraw()


def test_scores_have_an_axis_of_their_own_only_where_there_are_any(plot):
    plot.append_many(range(1, 11), [2.0] * 10)
    plot.redraw()
    assert not plot.canvas.getPlotItem().getAxis("right").isVisible()
    assert not plot.legend.score[1].isVisibleTo(plot)
    with_scores(plot)
    axis = plot.canvas.getPlotItem().getAxis("right")
    assert axis.isVisible()
    labels = [float(text) for _, text in axis._tickLevels[0]]
    assert len(labels) >= 3
    assert min(labels) < 50.0 < max(labels) < 75.0
    assert plot.legend.score[1].text() == "ROUGE-1 on 16"
    told = "ROUGE-1 on the first 16 validation conversations: 57.5."
    assert told in plot.accessibleDescription()
    plot.start(100)
    plot.redraw()
    assert not axis.isVisible()


def test_names_at_the_ends_keep_apart(plot):
    with_scores(plot)
    for log in ("linear", "log"):
        plot.tools.scale.set_current(log)
        plot.redraw()
        shown = plot.canvas.end_names()
        assert [name.toPlainText() for name in shown] == ["train 1.050", "validation 1.200", "ROUGE-1 57.5"]
        low, high = plot.canvas.getPlotItem().viewRange()[1]
        heights = sorted(name.pos().y() for name in shown)
        pixels = [(y - low) / (high - low) * plot.canvas.getPlotItem().getViewBox().height() for y in heights]
        assert all(after - before >= 15 for before, after in itertools.pairwise(pixels))


def test_chrf_stands_beside_rouge_where_the_run_has_it(plot):
    with_scores(plot)
    plot.append_scores([110], [0.58], 16)
    plot.append_chrf([110], [0.433])
    plot.append(120, 1.0)
    plot.redraw()
    assert plot.canvas.end_names()[2].toPlainText() == "ROUGE-1 58.0, chrF 43.3"
    assert plot.accessibleDescription().endswith("58.0. chrF 43.3.")
    plot.start(100)
    with_scores(plot)
    assert plot.canvas.end_names()[2].toPlainText() == "ROUGE-1 57.5"
    named = {side: plot.canvas.getPlotItem().getAxis(side) for side in ("left", "bottom", "right")}
    assert {side: axis.labelText for side, axis in named.items() if axis.label.isVisible()} == {
        "left": "Loss", "bottom": "Step", "right": "ROUGE-1",
    }  # fmt: skip


def test_scores_at_the_ends_of_their_scale_are_drawn_inside(plot):
    for values in ([0.0], [1.0], [0.5, 0.5], [0.0, 1.0]):
        plot.start(100)
        plot.append_many(range(1, 11), [2.0] * 10)
        for step, value in enumerate(values, start=1):
            plot.append_scores([step], [value], 1)
        plot.redraw()
        low, high = plot.canvas.box.viewRange()[1]
        assert all(low < y < high for y in plot.canvas.scores.yData)
        labels = [float(text) for _, text in plot.canvas.getPlotItem().getAxis("right")._tickLevels[0]]
        assert labels
        assert min(labels) >= 0.0
        assert max(labels) <= 100.0


def test_the_legend_stays_and_never_widens_the_page(plot, qtbot):
    narrow = plot.minimumSizeHint().width()
    with_scores(plot)
    assert plot.minimumSizeHint().width() == narrow <= 360
    for width in (1200, 360):
        plot.resize(width, 600)
        qtbot.waitUntil(lambda width=width: plot.width() == width)
        parts = [part for part in plot.legend.findChildren(Label) if part.isVisibleTo(plot)]
        assert [part.text() for part in parts] == ["each step", "smoothed", "validation", "ROUGE-1 on 16"]
        for part in parts:
            assert plot.legend.rect().contains(part.geometry().translated(part.parentWidget().pos()))


def test_the_plot_has_room_whatever_stands_around_it(plot):
    plot.resize(800, 10)
    assert plot.canvas.height() >= 280
    # In a page that scrolls it asks for no more.
    assert plot.heightForWidth(800) < 280 + 100


def test_an_axis_that_comes_takes_no_width_from_the_names(plot, qtbot):
    plot.append_many(range(1, 101), [2.0] * 100)
    plot.redraw()
    drawing, canvas = plot.need_drawing(), plot.canvas
    drawing.scores.extend([100], [0.5])
    with qtbot.waitSignal(canvas.viewed):
        canvas.draw(drawing)
    plot.redraw()
    name, box = canvas.score_name, canvas.getPlotItem().getViewBox()
    assert box.sceneBoundingRect().contains(name.mapRectToScene(name.boundingRect()))


@pytest.mark.parametrize(("reached", "saved"), [(40, None), (97, "last"), (100, 10)])
def test_a_label_never_lies_on_a_line(plot, qtbot, reached, saved):
    plot.append_many(range(1, reached + 1), [5.0 / at for at in range(1, reached + 1)])
    for step in range(10, reached + 1, 10):
        plot.append_evaluations([step], [5.0 / step + 0.2])
        plot.append_scores([step], [step / 200], 16)
    plot.end(reached if saved == "last" else saved)
    for scale in ("linear", "log"):
        plot.tools.scale.set_current(scale)
        plot.redraw()
        canvas = plot.canvas
        box = canvas.getPlotItem().getViewBox()
        names = [name for name in (*canvas.end_names(), canvas.saved_label) if name.isVisible()]
        assert len(names) == 3 + (saved is not None)
        rects = [name.mapRectToScene(name.boundingRect()) for name in names]
        assert all(box.sceneBoundingRect().contains(rect) for rect in rects)
        for curve in (canvas.smooth, canvas.evaluations, canvas.scores):
            line = curve.getViewBox().mapViewToScene
            points = [line(QPointF(x, y)) for x, y in zip(curve.xData, curve.yData, strict=True)]
            dense = [
                before + (after - before) * share
                for before, after in itertools.pairwise(points)
                for share in (0.0, 0.25, 0.5, 0.75, 1.0)
            ]
            assert not any(rect.contains(point) for rect in rects for point in dense)
        for one, other in itertools.combinations(rects, 2):
            assert not one.adjusted(1, 1, -1, -1).intersects(other)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("step", [1, 100, 500, 900, 1000])
def test_the_saved_step_is_named_in_full_in_a_narrow_plot(plot, styled, speak, qtbot, language, step):
    speak(language)
    style.apply(styled, "light", text_scale=2.0)
    plot.append_many(range(1, 1001), [5.0 / at for at in range(1, 1001)])
    plot.append_scores([1000], [0.5], 16)
    plot.end(step)
    plot.canvas.setFixedWidth(390)
    qtbot.waitUntil(lambda: plot.canvas.box.width() < 300)
    plot.redraw()
    label = plot.canvas.saved_label
    shown = label.mapRectToScene(label.boundingRect())
    assert plot.canvas.box.sceneBoundingRect().contains(shown)


def test_evaluations_and_scores_without_end_are_drawn_as_some(plot):
    steps = range(1, 20_001)
    plot.start(20_000)
    plot.append_evaluations(steps, [2.0 - at / 20_000 for at in steps])
    plot.append_scores(steps, [at / 20_000 for at in steps], 16)
    plot.redraw()
    drawn = plot.canvas
    assert 200 <= len(drawn.evaluations.scatter.points()) <= 2 * MARKED_COLUMNS
    assert 200 <= len(drawn.scores.scatter.points()) <= 2 * MARKED_COLUMNS
