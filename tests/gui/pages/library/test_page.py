import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDropEvent
from PySide6.QtWidgets import QApplication, QLineEdit

from engine.adapters import library
from engine.adapters.metadata import RECIPE_NAME, BaseModelFacts, TrainingFacts
from engine.system import paths
from gui.models.adapter_table import Narrowed
from gui.pages.library.jobs import score_choices
from gui.pages.library.serve_dialog import ServeDialog
from tests.helpers import library_bench
from tests.helpers.example_library import fill_library
from tests.helpers.homes import add_adapter, make_recipe, score_card, write_peft_files, write_safetensors

Bench = library_bench.Bench


def test_an_empty_library_says_what_to_do(bench, qtbot):
    page = bench().page
    assert page.header.subtitle() == "Your adapters are saved here"
    assert not page.view.isVisible()
    assert not page.panel.isVisible()
    assert not page.pane.search.isVisible()
    with qtbot.waitSignal(page.new_run_requested):
        page.empty_run.click()


def test_adapters_are_listed_narrowed_and_selected_and_the_first_is_shown_whole(bench):
    fill_library()
    made = bench()
    page, table, view = made.page, made.page.table, made.page.view
    assert page.header.subtitle() == "14 adapters for 4 base models"
    assert page.pane.filter.texts()[0] == "All 14"
    assert view.current().name == "samsum-lora-r32"
    assert page.panel.isVisible()
    assert page.panel.adapter().name == "samsum-lora-r32"
    assert page.panel.integrity.text() == "Files are unchanged"

    page.pane.search.setText("prefix")
    made.until(lambda: made.names() == ["samsum-prefix-20"])
    page.pane.search.setText("nothing like it")
    made.until(lambda: made.names() == [])
    assert not view.isVisible()
    assert not page.panel.isVisible()
    page.pane.search.clear()
    page.pane.filter.set_current("imported")
    assert made.names() == ["clinic-lokr"]
    assert page.panel.adapter().name == "clinic-lokr"
    page.open("starter-full")
    made.settle()
    assert view.current().name == "starter-full"
    made.choose("tickets-ia3")
    page.reader.refresh()
    made.settle()
    assert view.current().name == "tickets-ia3"

    # Rows have their heights whatever stood there before.
    for search in ("clinic", "samsum", "", "starter", ""):
        table.show_only("all", Narrowed(search))
        heights = {(table.is_heading(row), view.rowHeight(row)) for row in range(1, table.rowCount())}
        assert heights <= {(False, 36), (True, 44)}
        assert view.rowHeight(0) == 36


def test_what_arrives_in_the_folder_is_listed_at_once_and_what_is_wrong_with_it_told(bench):
    adapter = add_adapter("plain")
    write_safetensors(adapter.folder / library.WEIGHTS_NAME, {"other": (3,)})
    (paths.adapters_folder() / "odd").mkdir()
    made = bench()
    page = made.page
    assert made.names() == ["plain"]
    assert page.header.subtitle() == "1 adapter for 1 base model"
    assert page.panel.integrity.text() == "Changed or missing: adapter_model.safetensors"
    assert page.pane.notice.text() == "Skipped, not an adapter: odd has no adapter.toml."
    assert page.panel.score_button.isVisible()
    library.add_score(adapter, score_card(0.48))
    made.until(lambda: not page.panel.score_button.isVisible())
    assert page.view.current().name == "plain"
    page.open("new")
    made.settle()
    add_adapter("new")
    made.until(lambda: page.view.current().name == "new")


def test_a_name_is_changed_in_the_list_unless_escape_is_pressed(bench, qtbot):
    add_adapter("old")
    made = bench()
    view = made.page.view
    view.edit_name("old")
    editor = view.viewport().findChild(QLineEdit)
    editor.setText("other")
    qtbot.keyClick(editor, Qt.Key.Key_Escape)
    made.settle()
    assert library.find("old").name == "old"
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_F2)
    editor = view.viewport().findChildren(QLineEdit)[-1]
    assert editor.text() == "old"
    editor.setText("  better   name ")
    qtbot.keyClick(editor, Qt.Key.Key_Return)
    made.until(lambda: made.names() == ["better name"])
    assert library.find("old").name == "better name"


def test_tags_and_notes_are_kept_in_the_metadata(bench, qtbot):
    add_adapter("a")
    panel = (made := bench()).page.panel
    panel.tags_field.setText("short,  good names ,short,")
    panel.tags_field.editingFinished.emit()
    made.until(lambda: library.find("a").metadata.tags == ["short", "good names"])
    made.settle()
    assert panel.tags_field.text() == "short, good names"
    panel.notes_field.setPlainText("Keeps names right.")
    made.until(lambda: library.find("a").metadata.notes == "Keeps names right.")
    made.page.pane.search.setText("good names")
    made.until(lambda: made.names() == ["a"])


def test_notes_being_typed_are_never_overwritten_and_saved_when_another_adapter_is_chosen(bench, qtbot):
    add_adapter("a", 1_773_300_000)
    add_adapter("b", 1_773_300_100)
    made = bench()
    field = made.page.panel.notes_field
    field.setFocus()
    qtbot.keyClicks(field, "About b.")
    made.page.reader.refresh()
    made.settle()
    assert field.toPlainText() == "About b."
    made.choose("a")
    assert library.find("b").metadata.notes == "About b."
    made.settle()
    assert library.find("a").metadata.notes == ""
    assert made.page.view.current().name == "a"
    assert field.toPlainText() == ""


def test_an_export_can_be_imported_again(bench, tmp_path):
    add_adapter("ab", scores=[score_card(0.48)])
    made = bench()
    made.exports(made.choose("ab"))["As a zip file…"]()
    made.settle()
    # It was thought better of.
    assert not made.page.pane.undo_strip.isVisible()
    for count, text in enumerate(("As a folder…", "As a zip file…"), 2):
        made.dialogs.place = tmp_path / str(count)
        made.dialogs.place.mkdir()
        made.exports(made.choose("ab"))[text]()
        made.settle()
        (exported,) = made.dialogs.place.iterdir()
        assert made.page.pane.undo_strip.text() == f"Exported to {exported}."
        made.dialogs.place = exported
        imported = made.page.import_export
        (imported.import_zip if exported.suffix else imported.import_folder)()
        made.until(lambda count=count: made.names() == ["ab"] * count)


def test_what_is_dropped_is_imported_and_selected(bench, tmp_path):
    folder = tmp_path / "clinic"
    folder.mkdir()
    write_peft_files(folder)
    made = bench()
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(folder))])
    drop = QDropEvent(
        QPointF(50, 50), Qt.DropAction.CopyAction, mime, Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )  # fmt: skip
    made.page.dropEvent(drop)
    made.settle()
    made.until(lambda: made.names() == ["clinic"])
    assert made.page.pane.undo_strip.text() == "Imported clinic."
    assert made.page.panel.adapter().metadata.origin == "imported"


def test_folders_and_the_other_pages_are_asked_for(bench, qtbot):
    adapter = add_adapter("a")
    made = bench()
    made.press("Open the adapters folder")
    made.page.panel.folder_button.click()
    assert made.dialogs.opened == [paths.adapters_folder(), adapter.folder]
    with qtbot.waitSignal(made.page.try_requested) as tried:
        made.page.panel.try_button.click()
    assert tried.args == [["a"]]
    with qtbot.waitSignal(made.page.try_requested):
        qtbot.keyClick(made.page.view, Qt.Key.Key_Return)
    with qtbot.waitSignal(made.page.train_from_requested) as further:
        made.press("Continue training from here", made.choose("a"))
    assert further.args == ["a"]


def test_an_adapter_is_scored_as_its_own_recipe_says_and_remarks_stay_to_be_read(bench, tmp_path):
    seen = tmp_path / "seen"
    add_adapter("a", recipe=make_recipe(rank=8))
    made = bench()
    made.scripts["evaluate"] = [["fail", {"message": "No network.", "hint": "Choose a local folder."}]]
    made.page.panel.score_button.click()
    made.until(made.page.pane.notice.isVisible)
    assert made.page.pane.notice.text().startswith("No network.")
    assert not made.page.busy.isVisible()
    made.asked.clear()
    made.scripts["evaluate"] = [
        ["emit", {"event": "stage_entered", "stage": "evaluate"}],
        ["emit", {"event": "stage_progressed", "done": 3, "total": 8, "unit": "conversations"}],
        *[["emit", {"event": "notice", "message": "a had another prompt.", "hint": "It has this."}]] * 2,
        ["wait_for_file", str(seen)],
    ]
    made.page.panel.score_button.click()
    assert made.page.busy.isVisible()
    assert "in use" in made.page.table.tags(made.page.view.current())
    made.until(lambda: made.page.busy.accessibleName() == "Scoring a 3 of 8 conversations")
    seen.touch()
    made.until(lambda: not made.page.busy.isVisible())
    assert made.asked == [{"kind": "evaluate", "adapters": ["a"]}]
    assert made.page.pane.undo_strip.text() == "Scored a."
    assert made.page.pane.notice.text() == "a had another prompt. It has this."
    assert "in use" not in made.page.table.tags(made.page.view.current())


def test_an_adapter_from_elsewhere_can_be_scored_as_its_neighbours_were(bench):
    fill_library()
    made = bench()
    adapter = made.choose("clinic-lokr")
    menu = made.page.score_menu(adapter, score_choices(adapter, made.page.table.adapters()))
    texts = [action.text() for action in menu.actions()]
    assert texts == ["Score on samsum", "Score on Sample conversations"]
    menu.actions()[0].trigger()
    menu.close()
    made.until(lambda: made.page.pane.undo_strip.text() == "Scored clinic-lokr.")
    assert made.asked == [{"kind": "evaluate", "adapters": ["clinic-lokr"]}]


def test_a_merge_ends_with_the_new_folder(bench, tmp_path):
    add_adapter("a")
    made = bench()
    made.dialogs.place = tmp_path
    target = tmp_path / "a-merged"
    verified = {
        "state": "same", "reason": "", "conversations": 100, "identical": 97, "equal_prompts": 100,
        "difference": {"rouge1": {"mean": -0.001, "low": -0.004, "high": 0.002}},
    }  # fmt: skip
    result = {"path": str(target), "bytes": 12_000_000, "verified": verified}
    made.scripts["export"] = [["emit", {"event": "result_made", "result": result}]]
    made.exports(library.find("a"))["As a plain model…"]()
    made.until(made.page.pane.undo_strip.isVisible)
    assert made.page.pane.undo_strip.text() == (
        "Exported to a-merged, 12.0 MB. Same as the adapter: ROUGE-1 −0.1 (−0.4 to +0.2), 97 of 100 summaries "
        "identical."
    )
    [asked] = made.asked
    wanted = {"kind": "export", "to": "merged", "adapter": "a", "target": str(target), "conversations": 100}
    assert asked == asked | wanted
    made.page.pane.undo_strip.action_button().click()
    assert made.dialogs.opened == [target]


def test_a_script_is_offered_where_one_can_train_it_again_and_says_what_it_holds(bench, tmp_path):
    add_adapter("a")
    add_adapter("b", training=TrainingFacts())
    made = bench()
    made.dialogs.place = tmp_path

    def entry(name):
        return made.exports(library.find(name)).get("As a training script…")

    assert entry("b") is None
    result = {"path": str(tmp_path / "a-script"), "bytes": 5_000, "verified": None, "conversations": 24}
    made.scripts["export"] = [["emit", {"event": "result_made", "result": result}]]
    entry("a")()
    made.until(made.page.pane.undo_strip.isVisible)
    assert made.page.pane.undo_strip.text() == (
        "Exported to a-script, 5.0 kB. Contains 24 training conversations; share it only with people "
        "allowed to read them."
    )
    assert [asked["to"] for asked in made.asked] == ["script"]


def test_a_job_is_cancelled_and_a_second_one_waits_for_its_turn(bench):
    add_adapter("a")
    made = bench()
    made.scripts["evaluate"] = [["wait_for_stop", None]]
    made.page.panel.score_button.click()
    made.until(lambda: made.page.panel.score_button.text() == "Add to queue")
    made.page.panel.score_button.click()
    said = "Scoring a was added to the queue: it waits for Scoring a."
    made.until(lambda: made.page.pane.undo_strip.text() == said)
    made.page.pane.undo_strip.action_button().click()
    assert made.manager.device_queue.waiting == []
    assert made.page.jobs.busy
    made.page.delete([made.page.view.current()])
    assert made.page.pane.notice.text().startswith("a is in use")
    made.page.cancel_button.click()
    made.until(lambda: made.page.pane.undo_strip.text() == "Cancelled.")
    assert not made.page.busy.isVisible()


@pytest.mark.usefixtures("styled")
def test_below_1200_the_metadata_lies_over_the_table_when_asked_for(bench, qtbot):
    fill_library()
    made = bench()
    page = made.page
    page.resize(968, 640)
    QApplication.processEvents()
    assert not page.panel.isVisible()
    qtbot.keyClick(page.view, Qt.Key.Key_Return)
    assert page.panel.isVisible()
    assert page.panel.x() >= page.pane.width() // 2 - 1
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert not page.panel.isVisible()
    row = page.table.row_of("samsum-dora-r16")
    place = page.view.visualRect(page.table.index(row, 0)).center()
    qtbot.mouseClick(page.view.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(place))
    assert page.panel.isVisible()
    page.resize(1300, 800)
    QApplication.processEvents()
    assert page.panel.isVisible()
    assert page.panel.x() >= page.pane.width()


def test_serving_is_asked_for_in_one_dialog_that_is_gone_once_it_is_closed(bench, qtbot):
    fill_library()
    page = bench().page
    adapter = page.view.current()
    for _ in range(2):
        page.serve([adapter])
        qtbot.waitUntil(lambda: len(page.findChildren(ServeDialog)) == 1)
    page.findChild(ServeDialog).close()
    qtbot.waitUntil(lambda: page.findChild(ServeDialog) is None)


def test_a_base_model_is_downloaded_only_if_a_person_agrees(bench, tmp_path):
    add_adapter("a")
    made = bench()
    made.missing_bytes = {"google/flan-t5-base": 990_000_000}
    made.dialogs.place = tmp_path
    result = {"path": str(tmp_path / "a-merged"), "bytes": 5_000, "verified": None}
    made.scripts["export"] = [["emit", {"event": "result_made", "result": result}]]
    made.exports(library.find("a"))["As a plain model…"]()
    strip = made.page.download_strip
    made.until(strip.isVisible)
    assert strip.text().endswith("needs to download files. google/flan-t5-base: 990.0 MB to download.")
    assert made.asked == []
    assert not made.page.busy.isVisible()
    strip.action_button().click()
    made.until(lambda: len(made.asked) == 1)
    assert not strip.isVisible()
    made.until(lambda: not made.page.jobs.busy)


def test_a_press_on_score_now_scores_also_an_adapter_that_lost_its_recipe(bench, qtbot):
    (add_adapter("a").folder / RECIPE_NAME).unlink()
    made = bench()
    table = made.page.table
    column = [column.key for column in table.columns].index("score")
    place = made.page.view.visualRect(table.index(table.row_of("a"), column)).center()
    qtbot.mouseClick(made.page.view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    made.until(lambda: made.page.pane.undo_strip.text() == "Scored a.")
    assert made.asked == [{"kind": "evaluate", "adapters": ["a"]}]


def test_an_adapter_is_exported_to_what_its_base_can_become(bench):
    add_adapter("a", base_model=BaseModelFacts(id="someone/t5", family="encoder-decoder"))
    add_adapter("b", base_model=BaseModelFacts(id="someone/llama", family="decoder-only"))
    made = bench()
    texts = {name: list(made.exports(made.choose(name))) for name in ("a", "b")}
    assert "For CTranslate2…" in texts["a"]
    assert not any("Ollama" in text for text in texts["a"])
    assert any("Ollama" in text for text in texts["b"])
