"""The library's import menu takes an adapter of the hub by its name."""

from __future__ import annotations

from engine.adapters.metadata import HubFacts
from gui.pages.library import library_text
from gui.pages.library.library_operations import HubNameDialog
from tests.helpers import library_bench
from tests.helpers.homes import add_adapter, make_metadata

Bench = library_bench.Bench


def test_an_adapter_of_the_hub_is_imported_and_selected(bench):
    made = bench()
    adapter = add_adapter("notes")
    made.scripts["models"] = [["emit", {"event": "result_made", "result": {"adapter": adapter.id}}]]
    made.dialogs.hub_name = "ann/notes@v1"
    made.page.import_export.import_from_hub()
    assert made.page.busy.isVisible()
    made.until(lambda: not made.page.jobs.busy)
    made.settle()
    assert made.asked == [{"kind": "models", "action": "import_adapter", "id": "ann/notes", "revision": "v1"}]
    assert made.page.pane.undo_strip.text() == "Imported ann/notes."
    assert made.page.panel.adapter().id == adapter.id


def test_an_adapter_that_the_hub_does_not_give_is_told_and_a_name_that_is_none_starts_nothing(bench):
    made = bench()
    made.scripts["models"] = [["fail", {"message": "None.", "hint": "No."}]]
    names = {None: "", "notes": "An adapter on the hub is called owner/name.", "ann/notes": "None. No."}
    for name, told in names.items():
        made.dialogs.hub_name = name
        made.page.import_export.import_from_hub()
        made.until(lambda: not made.page.jobs.busy)
        made.settle()
        assert len(made.asked) == (name == "ann/notes")
        assert made.page.pane.notice.text() == told


def test_the_details_name_the_repository_and_its_commit():
    facts = HubFacts(id="ann/notes", revision="0123456789abcdef0123456789abcdef01234567")
    found = library_text.made_from(make_metadata("notes").model_copy(update={"hub": facts}))
    assert dict(found)["From the hub"] == "ann/notes, 0123456789ab"


def test_the_dialog_imports_only_by_what_can_be_a_name(qtbot):
    dialog = HubNameDialog()
    qtbot.addWidget(dialog)
    assert not dialog.import_button.isEnabled()
    for text, can_be in (("notes", False), ("ann/notes", True), ("ann/notes@v1", True)):
        dialog.field.setText(text)
        assert dialog.import_button.isEnabled() == can_be
    dialog.import_button.click()
    assert dialog.result()
