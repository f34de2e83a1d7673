import csv

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QMenu

from engine.api import arenas
from tests.helpers import arena_bench
from tests.helpers.arenas import BASE, FULL, OUTCOMES, filled_arena, make_arena, score
from tests.helpers.homes import make_recipe
from tests.helpers.train_stage import COMPLETE, ENDLESS

Bench = arena_bench.Bench


@pytest.fixture
def filled(home):
    return filled_arena()


def test_without_an_arena_the_page_says_what_one_is_and_how_to_make_it(bench):
    made = bench()
    page, form = made.page, made.page.form
    assert page.empty_button.isVisible()
    assert not page.view.isVisible()
    assert not page.start_button.isVisible()
    # A train page with problems is in nobody's way.
    page.recipe_wanted.connect(lambda: page.offer_recipe(None, "encoder-decoder"))
    page.empty_button.click()
    assert form.isVisible()
    assert (form.shared.base.key(), form.shared.data.key()) == ("starter", "sample")
    assert form.entries.findData("recipe") < 0
    for method in ("full", "lora", "ia3"):
        form.methods.chips[method].click()
    assert not form.make_button.isEnabled()
    form.methods.chips["ia3"].click()
    form.name.setText("Ranks on the sample")
    form.entries.set_key("ranks")
    form.make_button.click()
    made.settle()
    [arena], _ = arenas.list_arenas()
    assert arena.name == "Ranks on the sample"
    assert len(made.queued()) == len(arena.entries) == 7
    assert page.header.subtitle() == "Ranks on the sample. 0 of 7 entries scored"
    assert page.start_button.isVisible()
    assert not page.lower_pane.front.isVisible()  # nothing to draw yet: the queue has the room


def test_more_entries_join_if_they_compare_and_are_refused_beside_the_form_if_not(bench):
    make_arena("lora")
    made = bench()
    form, before = made.page.form, len(made.queued())
    made.offer(source="other/data")
    made.page.add_button.click()
    assert not form.name.isVisible()
    form.entries.set_key("recipe")
    form.make_button.click()
    assert form.isVisible()
    assert 'data.source is "other/data" here' in form.problem.text()
    form.entries.set_key("quantization")
    form.make_button.click()
    made.settle()
    assert len(made.queued()) == before + 4


def test_scored_entries_stand_in_one_table_the_best_first(bench, filled, qtbot):
    made = bench()
    page, table, queue = made.page, made.page.table, made.page.lower_pane.queue.table
    assert len(made.names()) == len(OUTCOMES)
    means = [row.mean for row in table.items()]
    assert means == sorted(means, reverse=True)
    assert page.header.subtitle() == (
        "samsum with the starter. 8 of 12 entries scored, on the same 200 conversations, greedy, 1 can't run"
    )
    full = next(row for row in table.items() if row.is_baseline)
    place = table.row_of(full.id)
    shown = [table.index(place, at).data() for at in range(len(table.columns))]
    assert shown[2:6] == ["247,577,856", "990.3 MB", "9.4 GB", "21.6"]
    assert shown[7] == "–"
    assert "compared with" in table.index(place, 7).data(Qt.ItemDataRole.ToolTipRole)

    row = table.items()[0]
    with qtbot.waitSignal(page.open_requested) as asked:
        page.view.opened.emit(row)
    assert asked.args == [row.status.run.id]
    with qtbot.waitSignal(page.library_requested):
        act(page, row.status, "Show in library")

    states = {each.entry.title: each.state for each in queue.items()}
    assert states["BitFit"] == "refused"
    at = list(states).index("BitFit")
    assert queue.index(at, 1).data() == "can't run"
    assert "no biases to train" in queue.index(at, 0).data(Qt.ItemDataRole.ToolTipRole)
    failed = next(each for each in queue.items() if each.state == "failed")
    act(page, failed, "Run again")
    made.settle()
    assert queue.item_at(queue.row_of(failed.entry.id)).state == "waiting"


def act(page, status, text):
    menu = page.menu_for(status)
    next(action for action in menu.actions() if action.text() == text).trigger()
    menu.close()


@pytest.mark.usefixtures("styled")
def test_what_else_was_measured_can_be_shown_as_columns(bench, filled):
    page = bench().page
    table, button = page.table, page.columns_button
    assert button.isVisible()
    menu = button.menu_now()
    titles = [action.text() for action in menu.actions()]
    assert titles == ["Length in words", "Truncated", "Not in the conversation"]
    for at in (2, 0):
        menu.actions()[at].trigger()
    assert [column.key for column in table.columns][:4] == ["name", "score", "words", "unsupported"]
    assert [action.isChecked() for action in button.menu_now().actions()] == [True, False, True]
    row = table.row_of(filled.entries[1].id)
    assert table.index(row, 2).data() == "20.8"
    said = table.index(row, 3).data(Qt.ItemDataRole.ToolTipRole)
    assert "Base model 9." in said
    assert said.endswith("better than base.")
    page.view.order_wanted.emit("unsupported")
    shares = [each.metrics["unsupported"]["mean"] for each in table.items()]
    assert shares == sorted(shares)
    menu.actions()[2].trigger()
    assert (table.order, [column.key for column in table.columns][:3]) == (
        "score",
        ["name", "score", "words"],
    )
    assert not page.view.grab().isNull()


def test_a_row_says_all_of_it_in_words(bench):
    arena = make_arena("lora", "full")
    score(arena, 0, (0.4, 0.5, 0.6, 0.7) * 3, BASE * 3)
    score(arena, 1, FULL * 3, BASE * 3)
    table = bench().page.table
    row = table.row_of(arena.entries[0].id)
    assert table.index(row, 0).data(Qt.ItemDataRole.AccessibleTextRole) == (
        "LoRA, r 32, ROUGE-1 55.0, interval 48.7 to 61.7, better than base, "
        "worse than full fine-tuning, 1,000 trainable parameters"
    )
    assert table.index(row, 7).data(Qt.ItemDataRole.ToolTipRole).startswith("Worse: −10.0 against full")


def test_one_conversation_has_no_interval_and_a_run_that_measured_no_more_no_columns(bench):
    score(make_arena("lora"), 0, (0.5,), BASE[:1])
    page = bench().page
    table = page.table
    assert table.index(0, 1).data(Qt.ItemDataRole.ToolTipRole) == "One conversation, so no interval."
    assert "one conversation, so no interval" in table.index(0, 0).data(Qt.ItemDataRole.AccessibleTextRole)
    assert not page.columns_button.isVisible()
    table.set_metrics(["words"])
    assert table.index(0, 2).data() == "–"


def test_unlike_scores_stand_under_headings_of_their_own(bench):
    arena = make_arena("lora", "ia3", "full")
    score(arena, 0, FULL, beams=4)
    score(arena, 1, FULL)
    score(arena, 2, FULL)
    page = bench().page
    assert [head.title for head in page.table.headings()] == [
        "Same scoring protocol",
        "Another protocol: beams",
    ]
    assert {point.id for point in page.lower_pane.front.chart.points()} == {
        each.id for each in arena.entries[1:]
    }


def test_a_queue_whose_data_vanished_says_so_and_goes_on_when_it_is_back(bench, tmp_path):
    source = tmp_path / "chats.csv"
    source.write_text("dialogue,summary\nAnn: Tea?,Tea.\n", encoding="utf-8")
    recipe = make_recipe("Own data", base="starter", source=str(source))
    arenas.create(recipe, [{"method": {"id": each}} for each in ("lora", "ia3")])
    aside = source.rename(tmp_path / "aside.csv")
    made = bench()
    reasons = [each.reason for each in made.page.lower_pane.queue.table.items()]
    assert all(reason.startswith(f"{source} doesn't exist.") for reason in reasons)
    assert "2 can't run" in made.page.header.subtitle()
    assert not made.page.start_button.isVisible()
    aside.rename(source)
    made.page.refresh()
    made.settle()
    assert [each.state for each in made.page.lower_pane.queue.table.items()] == ["waiting", "waiting"]
    assert made.page.start_button.isVisible()


@pytest.mark.usefixtures("styled")
def test_heads_sort_space_checks_what_is_drawn_and_only_what_differs_is_shown(bench, filled):
    made = bench()
    page, below = made.page, made.page.lower_pane
    page.view.order_wanted.emit("parameters")
    assert made.names()[0].startswith("Prompt only")
    drawn = {line.id for line in below.losses.chart.lines()}
    assert 0 < len(drawn) <= 4
    page.view.setFocus()
    page.choose(next(row.id for row in page.table.items() if row.status.entry.title == "Prompt tuning"))
    QTest.keyClick(page.view, Qt.Key.Key_Space)
    made.settle()
    now = {line.id for line in below.losses.chart.lines()}
    assert len(now) == len(drawn) + 1
    box = page.view.visualRect(page.table.index(page.table.row_of(page.chosen), 0))
    QTest.mouseClick(page.view.viewport(), Qt.MouseButton.LeftButton, pos=box.topLeft() + QPoint(18, 18))
    made.settle()
    assert {line.id for line in below.losses.chart.lines()} == drawn

    page.differences_button.click()
    assert below.differences.isVisible()
    assert not below.front.isVisible()
    keys = [each.key for each in below.differences.table.items()]
    assert "method.id" in keys
    assert "data.source" not in keys
    page.differences_button.click()
    assert below.front.isVisible()

    assert page.minimumSizeHint().width() <= 1200 - 208
    page.resize(960, 640)
    made.settle()
    parts = (below.front, below.losses, below.queue)
    assert [part.isVisible() for part in parts] == [True, False, False]
    below.tabs.set_current("queue")
    assert [part.isVisible() for part in parts] == [False, False, True]
    assert page.table.columns[3].title == "Adapter"
    assert page.view.isColumnHidden(3)


def test_the_front_follows_what_is_asked_and_a_point_that_is_picked_is_chosen_everywhere(bench, filled):
    page = bench().page
    front, chart = page.lower_pane.front, page.lower_pane.front.chart
    assert front.axes() == ("rouge1", "parameters")
    assert chart.front()[-1] == "full-fine-tuning"
    ids = [point.id for point in chart.points()]
    assert len(ids) == 8
    QTest.mouseClick(chart.viewport(), Qt.MouseButton.LeftButton, pos=chart.position_of(ids[-1]).toPoint())
    assert page.view.current().id == ids[-1]
    assert page.lower_pane.queue.view.current().entry.id == ids[-1]
    QTest.keyClick(chart, Qt.Key.Key_Left)
    assert page.view.current().id == ids[-2]

    front.across.set_key("minutes")
    front.across.chosen.emit("minutes")
    assert len(chart.points()) == 7  # a prompt alone trains nothing
    assert "No entry beats" in chart.accessibleDescription()
    keys = [front.up.itemData(at) for at in range(front.up.count())]
    assert keys == [front.across.itemData(at) for at in range(front.across.count())]
    assert {"parameters", "memory", "minutes", "bytes", "rouge1", "words"} <= set(keys)
    assert "general_loss" not in keys  # none was measured
    for up, across in zip(keys, keys[1:] + keys[:1], strict=True):
        front.set_axes(up, across)
        assert not chart.grab().isNull()
    front.set_axes("memory", "bytes")
    assert "MB at peak" in chart.accessibleDescription()
    assert "MB on disk" in chart.accessibleDescription()


def test_losses_and_a_report_leave_as_files_or_why_not(bench, filled, tmp_path, qtbot, monkeypatch):
    made, opened = bench(), []
    losses = made.page.lower_pane.losses
    menu = QMenu()
    losses.tools.add_exports(menu)
    for kind, action in zip(("png", "svg", "csv"), menu.actions(), strict=True):
        path = tmp_path / f"losses.{kind}"
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, path=path: (str(path), ""))
        action.trigger()
    nowhere = tmp_path / "nowhere" / "x.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(nowhere), ""))
    with qtbot.waitSignal(losses.failed):
        action.trigger()
    assert not QImage(str(tmp_path / "losses.png")).isNull()
    drawing = (tmp_path / "losses.svg").read_text(encoding="utf-8")
    assert drawing.count("<polyline") + drawing.count("<path") > 3
    with (tmp_path / "losses.csv").open(encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["entry"] for row in rows} == {line.name for line in losses.chart.lines()}
    assert len(rows) == sum(len(line.series) for line in losses.chart.lines())

    monkeypatch.setattr("gui.pages.train.run_operations.open_path", lambda path: opened.append(str(path)))
    for name in ("arena.html", "arena.csv"):
        path = tmp_path / name
        monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_, path=path: (str(path), ""))
        with qtbot.waitSignal(made.page.report_export.reported):
            made.page.report_button.click()
        assert made.page.undo_strip.isVisible()
        assert "score highest" in path.read_text(encoding="utf-8") or path.suffix == ".csv"
    assert opened == [str(tmp_path / "arena.html")]
    assert len(path.read_text(encoding="utf-8-sig").splitlines()) == 13
    with qtbot.waitSignal(made.page.report_export.reported) as told:
        made.page.report_export.save(arenas.open_arena(filled.folder), tmp_path / "nowhere" / "arena.csv")
    assert "can't be written" in told.args[0]


def test_the_queue_runs_is_paused_and_goes_on_and_what_runs_can_not_be_taken_out(bench):
    arena = make_arena("lora", "ia3")
    made = bench()
    page, queue = made.page, made.page.lower_pane.queue
    made.script = ENDLESS
    page.start_button.click()
    made.until(lambda: made.manager.current is not None and made.manager.current.state.step > 0)
    made.settle()
    assert page.pause_button.isVisible()
    assert not page.start_button.isVisible()
    running, waiting = queue.table.items()
    assert (running.state, waiting.state) == ("running", "waiting")
    assert "Remove from the arena" not in [action.text() for action in page.menu_for(running).actions()]
    queue.remove_wanted.emit(running)
    assert "is running. Stop it first." in page.notice.text()
    page.pause_button.click()
    made.settle()
    assert arenas.open_arena(arena.folder).paused
    assert page.start_button.isVisible()
    act(page, running, "Stop the run")
    made.until(lambda: made.manager.current is None)
    made.settle()
    assert [each.state for each in queue.table.items()] == ["stopped", "waiting"]
    made.script = COMPLETE
    page.start_button.click()
    made.until(lambda: len(made.names()) == 2)
    made.until(lambda: not page.start_button.isVisible() and not page.pause_button.isVisible())


def test_entries_are_moved_by_keys_and_taken_out(bench):
    arena = make_arena("lora", "ia3", "layernorm")
    made = bench()
    queue = made.page.lower_pane.queue
    queue.view.choose(arena.entries[2].id)
    assert not queue.down_button.isEnabled()
    queue.up_button.click()
    made.settle()
    assert made.queued() == ["LoRA", "LayerNorm tuning", "IA3"]
    assert queue.view.current().entry.id == arena.entries[2].id
    queue.remove_button.click()
    made.settle()
    assert made.queued() == ["LoRA", "IA3"]
    made.page.undo_strip.acted.emit()
    made.settle()
    assert made.queued() == ["LoRA", "LayerNorm tuning", "IA3"]


def test_a_queue_that_is_worked_elsewhere_is_followed_not_started(bench):
    arena = make_arena("lora")
    with arenas.working(arena):
        page = bench().page
        assert not page.start_button.isVisible()
        assert page.header.subtitle().endswith("Another process runs this queue")


def test_of_several_arenas_one_is_chosen_and_can_be_deleted(bench):
    first, second = make_arena("lora", name="First"), make_arena("ia3", "lora", name="Second")
    made = bench()
    page = made.page
    assert page.choice.isVisible()
    page.open(first.id)
    made.settle()
    assert made.queued() == ["LoRA"]
    page.open(second.id)
    made.settle()
    act(page, page.lower_pane.queue.table.items()[0], "Delete the arena")
    made.settle()
    assert arenas.list_arenas()[0] == [first]
    assert made.queued() == ["LoRA"]
    assert not page.choice.isVisible()
