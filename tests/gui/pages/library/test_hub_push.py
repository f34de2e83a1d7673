"""The library's export menu sends an adapter to the hub, and shows all of it before."""

from engine.adapters.metadata import ExportFacts, HubFacts, PromptFacts, ShotFacts, Verification
from engine.jobs.worker_process import worker_command
from gui.pages.library import library_text
from gui.pages.library.library_operations import HubNameDialog
from tests.helpers import library_bench
from tests.helpers.fake_hub import FakeHub, use_hub
from tests.helpers.homes import add_adapter, make_metadata, make_recipe

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
    names = {None: "", "notes": "Enter owner/name.", "ann/notes": "None. No."}
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
    dialog = qtbot.add(HubNameDialog())
    assert not dialog.import_button.isEnabled()
    for text, can_be in (("notes", False), ("ann/notes", True), ("ann/notes@v1", True)):
        dialog.field.setText(text)
        assert dialog.import_button.isEnabled() == can_be
    dialog.import_button.click()
    assert dialog.result()


NAME, ADDRESS = "ann/tea", "https://huggingface.co/ann/tea"
FORBIDDEN = "The data is under CC BY-NC-ND 4.0. You may not share what you make from it."
HINT = "Share it only once the licence's owner agrees."


def found(**more):
    files = [{"name": "README.md", "bytes": 2_000}, {"name": "adapter_model.safetensors", "bytes": 3_000_000}]
    result = {"path": ADDRESS, "private": True, "sent": False, "files": files, "card": "---\n---\n\n# tea\n"}
    return ["emit", {"event": "result_made", "result": result | more}]


def notice(message, hint="", level="info"):
    return ["emit", {"event": "notice", "level": level, "message": message, "hint": hint}]


def opened(made, adapter):
    assert "To the Hugging Face Hub…" in made.exports(adapter)
    return made.page.import_export.push(adapter)


def preview(made, adapter, name=NAME):
    """Open the dialog and go on to what would be sent."""
    dialog = opened(made, adapter)
    dialog.form.name.setText(name)
    dialog.show_button.click()
    made.until(dialog.preview.isVisible)
    return dialog


def test_all_that_would_go_is_shown_and_then_sent(bench):
    made, adapter = bench(), add_adapter("tea")
    made.scripts["push"] = [notice(FORBIDDEN, HINT, "warning"), found()]
    dialog = preview(made, adapter)
    shown = dialog.preview.texts()
    for text in (
        "Private: only its owner and people they invite.",
        f"{FORBIDDEN} {HINT}",
        "3.0 MB",
    ):
        assert text in shown
    assert {ADDRESS, "None is uploaded.", "README.md", "adapter_model.safetensors", "2 files"} <= set(shown)
    assert dialog.preview.card.toPlainText() == "---\n---\n\n# tea\n"
    [asked] = made.asked
    assert asked == {
        "kind": "push", "adapter": "tea", "target": NAME, "public": False, "with_conversations": False, "model": "",
        "dry_run": True,
    }  # fmt: skip

    made.scripts["push"] = [notice(FORBIDDEN, HINT, "warning"), found(sent=True)]
    dialog.send_button.click()
    assert made.page.busy.isVisible()
    assert made.page.is_in_use(adapter)
    made.until(made.page.pane.undo_strip.isVisible)
    assert made.asked[1] == asked | {"dry_run": False}
    assert made.page.pane.undo_strip.text() == f"Sent tea to {ADDRESS}, private."
    # What was read before is not said again.
    assert made.page.pane.notice.isHidden()
    made.page.pane.undo_strip.action_button().click()
    assert made.dialogs.pages == [ADDRESS]


def test_what_the_real_worker_says_is_shown_and_what_it_sends_arrives(bench, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    made, adapter = bench(), add_adapter("tea")
    made.manager._command = lambda job: worker_command(job.folder)
    with use_hub(FakeHub(tmp_path / "served"), tmp_path / "cache", monkeypatch) as hub:
        hub.user = "ann"
        dialog = preview(made, adapter)
        assert hub.requests == []
        assert {f"{hub.address}/{NAME}", f"{FORBIDDEN} {HINT}", "adapter_model.safetensors"} <= set(
            dialog.preview.texts()
        )
        shown = dialog.preview.card.toPlainText()
        dialog.send_button.click()
        made.until(made.page.pane.undo_strip.isVisible)
    assert hub.private == {NAME}
    assert (hub.folder / "models" / NAME / "README.md").read_text(encoding="utf-8") == shown


def test_a_refusal_is_said_in_the_dialog_and_after_an_error_nothing_is_typed_again(bench):
    made, adapter = bench(), add_adapter("tea")
    made.scripts["push"] = [["fail", {"message": FORBIDDEN, "hint": "Ask."}]]
    dialog = opened(made, adapter)
    for name, can_be in (("", False), ("tea", False), ("ann/tea@v1", False), (NAME, True)):
        dialog.form.name.setText(name)
        assert dialog.show_button.isEnabled() == can_be
    assert not dialog.form.what.isVisible()
    assert not dialog.form.conversations.isVisible()
    dialog.form.visibility.set_current("public")
    dialog.show_button.click()
    made.until(lambda: dialog.problem.text() == f"{FORBIDDEN} Ask.")
    assert dialog.send_button.isHidden()
    assert [asked["public"] for asked in made.asked] == [True]
    # Another answer may be right.
    dialog.form.visibility.set_current("private")
    assert dialog.problem.text() == ""
    dialog.reject()

    made.scripts["push"] = [found()]
    preview(made, adapter).send_button.click()
    made.until(made.page.pane.undo_strip.isVisible)
    dialog = preview(made, adapter)
    made.scripts["push"] = [["fail", {"message": "No token.", "hint": "Log in."}]]
    dialog.send_button.click()
    made.until(lambda: made.page.pane.notice.text() == "No token. Log in.")
    assert made.page.pane.undo_strip.isHidden(), "it would cover the error"
    assert opened(made, adapter).form.name.text() == NAME


def test_sending_is_cancelled_and_waits_for_another_job(bench):
    made, adapter = bench(), add_adapter("tea")
    made.scripts["push"] = [found()]
    first, second = preview(made, adapter), preview(made, adapter)
    made.scripts["push"] = [["wait_for_stop", None]]
    first.send_button.click()
    second.send_button.click()
    assert second.problem.text().startswith("Only one job can run at a time.")
    assert second.isVisible()
    second.reject()
    made.page.cancel_button.click()
    made.until(lambda: made.page.pane.undo_strip.text() == "Cancelled.")
    assert len(made.asked) == 3


def test_conversations_in_the_prompt_and_the_plain_model_go_only_where_that_is_said(bench, tmp_path):
    shots = [ShotFacts(conversation="Ann: Tea?", summary="Tea.")]
    prompt = PromptFacts(template="{conversation}", max_conversation_tokens=512, shots=shots)
    export = ExportFacts(to="merged", name="tea-merged", verified=Verification(state="same"))
    made = bench()
    dialog = opened(made, add_adapter("tea", prompt=prompt, exports=[export]))
    dialog.form.name.setText(NAME)
    assert not dialog.show_button.isEnabled()
    assert dialog.form.conversations.text() == "Also upload the prompt's 1 example conversation"
    dialog.form.conversations.click()
    dialog.form.what.set_current("model")
    assert not dialog.show_button.isEnabled()
    made.dialogs.place = tmp_path / "tea-merged"
    dialog.form.folder_button.click()
    made.scripts["push"] = [found()]
    dialog.show_button.click()
    made.until(dialog.preview.isVisible)
    assert made.asked[0]["with_conversations"]
    assert made.asked[0]["model"] == str(tmp_path / "tea-merged")
    assert "1 in the prompt" in dialog.preview.texts()


def test_a_prompt_is_not_offered_to_the_hub(bench):
    adapter = add_adapter("words", recipe=make_recipe(method_id="prompt_only"))
    assert "To the Hugging Face Hub…" not in bench().exports(adapter)
