"""The loss plot: what it shows, when it redraws, what it exports, and what it does not import."""

import csv
import itertools
import subprocess
import sys

import pytest
from PySide6.QtCore import QPointF
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QLabel

from gui.look import style
from gui.look.tokens import DARK
from gui.plots.loss_plot import LossPlot
from gui.plots.series import MARKED_COLUMNS


@pytest.fixture
def plot(styled, qtbot):
    made = LossPlot()
    qtbot.addWidget(made)
    made.resize(800, 320)
    made.set_total(100)
    made.show()
    qtbot.waitExposed(made)
    return made


def _run(code, *arguments):
    return subprocess.run(
        [sys.executable, "-W", "error", "-c", code, *arguments], capture_output=True, text=True, timeout=240
    )


def test_nothing_heavy_is_imported_before_the_first_show():
    code = """
import sys
from PySide6.QtWidgets import QApplication
from gui.plots.loss_plot import LossPlot
from gui.look import style
import gui.shell.window
app = QApplication([])
style.apply(app, "light")
plot = LossPlot()
plot.set_total(100)
assert not {"pyqtgraph", "numpy"} & set(sys.modules)
plot.append(1, 2.0)
assert "pyqtgraph" not in sys.modules
plot.show()
assert "pyqtgraph" in sys.modules
"""
    done = _run(code)
    assert done.returncode == 0, done.stderr


def test_redraws_and_labels_leave_none_alone():
    code = """
import sys
from PySide6.QtWidgets import QApplication, QLabel
from gui.plots.loss_plot import LossPlot
from gui.plots.series import MARKED_COLUMNS
from gui.look import style
app = QApplication([])
style.apply(app, "light")
label = QLabel()
before = sys.getrefcount(None)
for at in range(1000):
    label.setText(str(at))
assert sys.getrefcount(None) > before - 100, "setText drops references to None"
plot = LossPlot()
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
    done = _run(code)
    assert (done.returncode, done.stdout.strip()) == (0, "done"), done.stderr


def test_values_before_the_first_show_are_kept(styled, qtbot):
    made = LossPlot()
    qtbot.addWidget(made)
    made.append_many(range(1, 51), [2.0] * 50)
    made.append_evaluations([50], [1.5])
    made.show()
    qtbot.waitExposed(made)
    assert "step 50" in made.accessibleDescription()
    assert "1.500" in made.accessibleDescription()


def test_many_events_make_one_redraw(plot, qtbot, monkeypatch):
    plot.redraw()
    drawn = []
    monkeypatch.setattr(plot._canvas, "draw", lambda drawing: drawn.append(len(drawing.train)))
    for step in range(1, 201):
        plot.append(step, 1.0)
    assert drawn == []
    qtbot.waitUntil(lambda: bool(drawn), timeout=3000)
    assert drawn == [200]


def test_clear_starts_over(plot):
    plot.append(1, 1.0)
    plot.mark_saved(1)
    plot.clear()
    plot.redraw()
    assert plot.accessibleDescription() == "No step yet."


def test_the_loss_before_a_new_start_stays_to_be_seen(plot):
    plot.set_former([1, 2, 3], [9.0, 8.0, 7.0])
    plot.append(1, 1.0)
    plot.redraw()
    assert plot._canvas._former.getData()[0].tolist() == [1, 2, 3]
    assert plot._canvas.viewRange()[1][1] > 7.0
    plot.clear()
    plot.redraw()
    assert not len(plot._canvas._former.getData()[0])


def test_the_waiting_line_goes_with_the_first_step(plot):
    plot.set_waiting("The first step is being prepared, 12 s left")
    assert plot._waiting.isVisible()
    plot.append(1, 1.0)
    plot.redraw()
    assert not plot._waiting.isVisible()


@pytest.mark.parametrize("scale", ["linear", "log"])
def test_odd_data_is_drawn_without_a_warning(plot, scale):
    plot._scale.set_current(scale)
    for values in ([], [1.0], [1.0, 1.0], [0.0, 0.0], [float("nan")], [1e-9, 1e9]):
        plot.clear()
        plot.append_many(range(1, len(values) + 1), values)
        plot.mark_saved(1)
        plot.set_finished()
        plot.redraw()
        assert not plot.grab().isNull()


def test_the_view_holds_the_middle_and_show_all_holds_everything(plot):
    plot.append_many(range(1, 1001), [1.0 + 0.1 * (at % 5) for at in range(999)] + [80.0])
    plot.redraw()
    assert plot._canvas.getPlotItem().viewRange()[1][1] < 10
    plot.show_all()
    plot.redraw()
    assert plot._canvas.getPlotItem().viewRange()[1][1] > 80


def test_the_axis_reaches_the_planned_steps(plot):
    plot.append(1, 1.0)
    plot.redraw()
    low, high = plot._canvas.getPlotItem().viewRange()[0]
    assert low == 0
    assert 100 <= high <= 102
    assert max(at for at, _ in plot._canvas.getPlotItem().getAxis("bottom").chosen) <= 100


def test_zooming_is_kept_until_the_whole_run_is_asked_for(plot):
    plot.append_many(range(1, 101), [1.0] * 100)
    plot.redraw()
    plot._canvas.getPlotItem().getViewBox().scaleBy(x=0.5)
    plot._canvas._moved()
    plot.redraw()
    low, high = plot._canvas.getPlotItem().viewRange()[0]
    assert high - low < 60
    plot.show_all(everything=False)
    plot.redraw()
    low, high = plot._canvas.getPlotItem().viewRange()[0]
    assert high - low > 99


def test_csv_has_every_step_and_evaluation(plot, tmp_path):
    plot.append_many([1, 2, 3], [3.0, 2.0, 1.0])
    plot.append_evaluations([2], [2.5])
    plot.append_evaluations([4], [2.0])
    plot.save_csv(tmp_path / "loss.csv")
    with (tmp_path / "loss.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["1", "2", "3", "4"]
    assert [row["loss"] for row in rows] == ["3.0", "2.0", "1.0", ""]
    assert [row["evaluation_loss"] for row in rows] == ["", "2.5", "", "2.0"]


def test_png_is_a_picture(plot, tmp_path):
    plot.append_many([1, 2, 3], [3.0, 2.0, 1.0])
    assert plot.save_png(tmp_path / "loss.png")
    assert QImage(str(tmp_path / "loss.png")).width() >= 800
    assert not plot.save_png(tmp_path / "missing" / "loss.png")


def test_the_plot_follows_the_scheme(plot, styled):
    plot.append_many(range(1, 51), [2.0] * 50)
    style.apply(styled, "dark")
    plot.redraw()
    image = plot.grab().toImage()
    colors = {image.pixelColor(x, y).name().upper() for x in range(800) for y in range(60, 300)}
    assert DARK.accent in colors


def test_a_change_of_scheme_reaches_the_plots_ground(plot):
    application = QApplication.instance()
    shown = {}
    for scheme in ("light", "dark", "light"):
        style.apply(application, scheme)
        shown[scheme] = plot.grab().toImage().pixelColor(400, 290).lightness()

    assert shown["light"] > 200
    assert shown["dark"] < 60


def with_scores(plot):
    plot.append_many(range(1, 101), [3.0 - at / 50 for at in range(100)])
    for step, loss, rouge1 in ((50, 2.1, 0.441), (100, 1.2, 0.575)):
        plot.append_evaluations([step], [loss])
        plot.append_scores([step], [rouge1], 16)
    plot.redraw()


def test_scores_have_an_axis_of_their_own_only_where_there_are_any(plot):
    plot.append_many(range(1, 11), [2.0] * 10)
    plot.redraw()
    assert not plot._canvas.getPlotItem().getAxis("right").isVisible()
    assert not plot._legend._score[1].isVisibleTo(plot)
    with_scores(plot)
    axis = plot._canvas.getPlotItem().getAxis("right")
    assert axis.isVisible()
    labels = [float(text) for _, text in axis.chosen]
    assert len(labels) >= 3
    assert min(labels) < 50.0 < max(labels) < 75.0
    assert plot._legend._score[1].text() == "ROUGE-1 on 16"
    told = "ROUGE-1 of the summaries of the first 16 conversations of the validation split: 57.5."
    assert told in plot.accessibleDescription()
    plot.clear()
    plot.redraw()
    assert not axis.isVisible()


def test_names_at_the_ends_keep_apart(plot):
    with_scores(plot)
    for log in ("linear", "log"):
        plot._scale.set_current(log)
        plot.redraw()
        shown = plot._canvas._end_names()
        assert [name.toPlainText() for name in shown] == ["train 1.050", "validation 1.200", "ROUGE-1 57.5"]
        low, high = plot._canvas.getPlotItem().viewRange()[1]
        heights = sorted(name.pos().y() for name in shown)
        pixels = [
            (y - low) / (high - low) * plot._canvas.getPlotItem().getViewBox().height() for y in heights
        ]
        assert all(after - before >= 15 for before, after in itertools.pairwise(pixels))


def test_chrf_stands_beside_rouge_where_the_run_has_it(plot, tmp_path):
    with_scores(plot)
    plot.append_scores([110], [0.58], 16)
    plot.append_chrf([110], [0.433])
    plot.append(120, 1.0)
    plot.redraw()
    assert plot._canvas._end_names()[2].toPlainText() == "ROUGE-1 58.0, chrF 43.3"
    assert plot.accessibleDescription().endswith("58.0. chrF 43.3.")
    plot.save_csv(tmp_path / "loss.csv")
    with (tmp_path / "loss.csv").open(newline="", encoding="utf-8-sig") as file:
        assert list(csv.DictReader(file).fieldnames or ())[-1] == "evaluation_chrf"
    plot.clear()
    with_scores(plot)
    assert plot._canvas._end_names()[2].toPlainText() == "ROUGE-1 57.5"


def test_csv_has_the_scores_beside_the_losses(plot, tmp_path):
    with_scores(plot)
    plot.append_scores([100], [0.575], 16)
    plot.append_chrf([100], [0.433])
    plot.save_csv(tmp_path / "loss.csv")
    with (tmp_path / "loss.csv").open(newline="", encoding="utf-8-sig") as file:
        rows = list(csv.DictReader(file))
    assert [row["evaluation_rouge1"] for row in rows if row["evaluation_rouge1"]] == ["0.441", "0.575"]
    assert [row["evaluation_chrf"] for row in rows if row["evaluation_chrf"]] == ["0.433"]


@pytest.mark.parametrize("values", [[0.0], [1.0], [0.5, 0.5], [0.0, 1.0]])
def test_scores_at_the_ends_of_their_scale_are_drawn_inside(plot, values):
    plot.append_many(range(1, 11), [2.0] * 10)
    for step, value in enumerate(values, start=1):
        plot.append_scores([step], [value], 1)
    plot.redraw()
    low, high = plot._canvas.getPlotItem().viewRange()[1]
    assert all(low < y < high for y in plot._canvas._scores._line.yData)
    labels = [float(text) for _, text in plot._canvas.getPlotItem().getAxis("right").chosen]
    assert labels
    assert min(labels) >= 0.0
    assert max(labels) <= 100.0


@pytest.mark.parametrize("width", [1200, 640, 360])
def test_the_legend_stays_and_never_widens_the_page(plot, qtbot, width):
    narrow = plot.minimumSizeHint().width()
    with_scores(plot)
    assert plot.minimumSizeHint().width() == narrow <= 360
    plot.resize(width, 600)
    qtbot.waitUntil(lambda: plot.width() == width)
    parts = [part for part in plot._legend.findChildren(QLabel) if part.isVisibleTo(plot)]
    assert [part.text() for part in parts] == ["each step", "smoothed", "validation", "ROUGE-1 on 16"]
    for part in parts:
        assert plot._legend.rect().contains(part.geometry().translated(part.parentWidget().pos()))


def test_each_axis_says_what_it_measures(plot):
    with_scores(plot)
    named = {side: plot._canvas.getPlotItem().getAxis(side) for side in ("left", "bottom", "right")}
    assert {side: axis.labelText for side, axis in named.items() if axis.label.isVisible()} == {
        "left": "Loss",
        "bottom": "Step",
        "right": "ROUGE-1",
    }


def test_the_plot_has_room_whatever_stands_around_it(plot):
    plot.resize(800, 10)
    assert plot._canvas.height() >= 280
    # In a page that scrolls it asks for no more.
    assert plot.heightForWidth(800) < 280 + 100


def test_an_axis_that_comes_takes_no_width_from_the_names(plot, qtbot):
    plot.append_many(range(1, 101), [2.0] * 100)
    plot.redraw()
    drawing, canvas = plot._need_drawing(), plot._canvas
    drawing.scores.append(100, 0.5)
    with qtbot.waitSignal(canvas.viewed):
        canvas.draw(drawing)
    plot.redraw()
    name, box = canvas._score_name, canvas.getPlotItem().getViewBox()
    assert box.sceneBoundingRect().contains(name.mapRectToScene(name.boundingRect()))


@pytest.mark.parametrize("reached", [40, 97, 100])
@pytest.mark.parametrize("saved", [None, 10, "last"])
def test_a_label_never_lies_on_a_line(plot, qtbot, reached, saved):
    plot.append_many(range(1, reached + 1), [5.0 / at for at in range(1, reached + 1)])
    for step in range(10, reached + 1, 10):
        plot.append_evaluations([step], [5.0 / step + 0.2])
        plot.append_scores([step], [step / 200], 16)
    plot.mark_saved(reached if saved == "last" else saved)
    for scale in ("linear", "log"):
        plot._scale.set_current(scale)
        plot.redraw()
        canvas = plot._canvas
        box = canvas.getPlotItem().getViewBox()
        names = [name for name in (*canvas._end_names(), canvas._saved_label) if name.isVisible()]
        assert len(names) == 3 + (saved is not None)
        rects = [name.mapRectToScene(name.boundingRect()) for name in names]
        assert all(box.sceneBoundingRect().contains(rect) for rect in rects)
        for curve in (canvas._smooth, canvas._evaluations, canvas._scores._line):
            line = box.mapViewToScene
            points = [line(QPointF(x, y)) for x, y in zip(curve.xData, curve.yData, strict=True)]
            dense = [
                before + (after - before) * share
                for before, after in itertools.pairwise(points)
                for share in (0.0, 0.25, 0.5, 0.75, 1.0)
            ]
            assert not any(rect.contains(point) for rect in rects for point in dense)
        for one, other in itertools.combinations(rects, 2):
            assert not one.adjusted(1, 1, -1, -1).intersects(other)


def test_evaluations_and_scores_without_end_are_drawn_as_some(plot):
    steps = range(1, 20_001)
    plot.set_total(20_000)
    plot.append_evaluations(steps, [2.0 - at / 20_000 for at in steps])
    plot.append_scores(steps, [at / 20_000 for at in steps], 16)
    plot.redraw()
    drawn = plot._canvas
    assert 200 <= len(drawn._diamonds.points()) <= 2 * MARKED_COLUMNS
    assert 200 <= len(drawn._scores._dots.points()) <= 2 * MARKED_COLUMNS
