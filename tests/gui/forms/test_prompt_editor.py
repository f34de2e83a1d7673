import pytest

from engine.api import prompts
from gui.forms.prompt_editor import OWN, SAMPLE, PromptEditor
from gui.look import style
from tests.helpers.train_stage import PLAN, texts

MINE = "Say it shortly: {conversation} Shortly: "
FILLING = {
    "template": MINE,
    "conversation": "Eve: now?\nFay: now.",
    "shots": [["Ann: tea?\nBob: yes!", "Bob wants tea."], ["Cy: bus?\nDi: no.", "Di takes no bus."]],
    "tokens": 1_234,
    "shots_tokens": 800,
    "positions": 2_048,
}


def marked_in(editor, line: int) -> list[tuple[int, int]]:
    layout = editor.area.document().findBlockByNumber(line).layout()
    return [(one.start, one.length) for one in layout.formats()]


@pytest.fixture
def editor(qtbot, home):
    made = qtbot.add(PromptEditor())
    made.write(prompts.DEFAULT_PROMPT)
    return made


def chosen(editor):
    return editor.templates.currentText()


def offered(editor):
    return [editor.templates.itemText(at) for at in range(editor.templates.count())]


def act(editor, words):
    """Choose from the menu what begins with `words`; tells whether it could be chosen."""
    menu = editor.menu()
    action = next(one for one in menu.actions() if one.text().startswith(words))
    if action.isEnabled():
        action.trigger()
    enabled = action.isEnabled()
    menu.deleteLater()
    return enabled


def name_it(editor, name):
    editor.naming.field.setText(name)
    editor.naming.field.textEdited.emit(name)
    editor.naming.take.click()


def test_the_conversations_place_is_marked_once(editor):
    editor.write("No.\nHere {conversation}, not {conversation}\n{conversation}")
    marked = [marked_in(editor, line) for line in range(3)]
    assert marked == [[], [(5, len(prompts.PLACEHOLDER))], []]
    editor.area.setPlainText("No.\nHere, not\n{conversation}")
    assert [bool(marked_in(editor, line)) for line in range(3)] == [False, False, True]


def test_a_place_that_is_lacking_is_a_problem_of_the_text_and_can_be_put_in(form):
    form.set_level("advanced")
    editor = form.prompt_editor()
    editor.area.setPlainText("Summarise: ")
    assert form.recipe() is None
    assert "{conversation}" in form.field("data.prompt").around.problem()
    assert editor.area.property("problem") == "true"
    assert not editor.preview.isVisibleTo(editor)
    editor.area.moveCursor(editor.area.textCursor().MoveOperation.End)
    assert act(editor, "Insert")
    assert form.recipe().data.prompt == "Summarise: {conversation}"
    assert not act(editor, "Insert")


def test_every_template_is_offered_and_taken_and_what_was_written_by_hand_can_be_chosen_again(editor, qtbot):
    assert chosen(editor) == prompts.BUILT_IN[0].name
    for template in prompts.BUILT_IN[1:]:
        with qtbot.waitSignal(editor.changed):
            editor.templates.chosen.emit(template.name)
        assert (editor.text(), chosen(editor)) == (template.text, template.name)
    editor.area.undo()
    assert editor.text() == prompts.BUILT_IN[-2].text
    assert OWN not in [editor.templates.itemData(at) for at in range(editor.templates.count())]
    editor.area.setPlainText(MINE)
    assert editor.templates.key() == OWN
    editor.templates.chosen.emit(prompts.BUILT_IN[1].name)
    editor.templates.chosen.emit(OWN)
    assert editor.text() == MINE
    # One that was saved elsewhere is there when the editor is shown again.
    prompts.save("Theirs", "So: {conversation}")
    assert "Theirs" not in offered(editor)
    editor.show()
    assert "Theirs" in offered(editor)


def test_a_template_is_saved_renamed_and_deleted_and_its_text_stays(editor):
    editor.area.setPlainText(MINE)
    assert not act(editor, "Rename")
    assert not act(editor, "Delete")
    act(editor, "Save")
    assert editor.naming.isVisibleTo(editor)
    name_it(editor, "Mine")
    assert not editor.naming.isVisibleTo(editor)
    assert chosen(editor) == "Mine"
    act(editor, "Rename")
    assert editor.naming.field.text() == "Mine"
    name_it(editor, "Ours")
    assert (chosen(editor), "Mine" in offered(editor)) == ("Ours", False)
    assert act(editor, "Delete")
    assert prompts.templates() == list(prompts.BUILT_IN)
    assert (editor.text(), editor.templates.key()) == (MINE, OWN)


def test_a_name_that_is_taken_is_said_and_a_saved_one_replaced_when_asked_twice(editor):
    prompts.save("Mine", MINE)
    editor.area.setPlainText("Anew: {conversation}")
    act(editor, "Save")
    name_it(editor, prompts.BUILT_IN[0].name)
    assert "built-in" in editor.naming.problem.text()
    assert editor.naming.take.text() == "Save"
    name_it(editor, "mine")
    assert editor.naming.take.text() == "Replace"
    assert prompts.templates()[-1].text == MINE
    editor.naming.take.click()
    assert prompts.templates()[-1] == prompts.Template("Mine", "Anew: {conversation}")


def test_the_preview_shows_a_sample_until_a_plan_tells_what_fills_the_prompt(editor):
    editor.write(MINE)
    assert editor.preview.text.text() == MINE.replace("{conversation}", SAMPLE)
    assert "sample" in editor.preview.title.text()
    assert editor.preview.count.text() == ""
    editor.show_filling(FILLING)
    assert editor.preview.text.text() == (
        "Say it shortly: Ann: tea?\nBob: yes! Shortly: Bob wants tea.\n\n"
        "Say it shortly: Cy: bus?\nDi: no. Shortly: Di takes no bus.\n\n"
        "Say it shortly: Eve: now?\nFay: now. Shortly: "
    )
    assert "sample" not in editor.preview.title.text()
    assert editor.preview.count.text() == "1,234 of 2,048 tokens"
    text = editor.preview.text.text()
    marked = [text[mark.start : mark.start + mark.length] for mark in editor.preview.text.marks()]
    assert marked == ["Say it shortly: ", " Shortly: "] * 3


def test_the_preview_of_a_chat_has_the_turns_that_the_model_reads(editor):
    editor.write(MINE)
    frame = {"before": "<|user|>\n", "after": "<|end|>\n<|assistant|>\n"}
    editor.show_filling({**FILLING, "frame": frame})
    shown = editor.preview.text.text()
    assert shown == "<|user|>\nSay it shortly: Eve: now?\nFay: now. Shortly:<|end|>\n<|assistant|>\n"
    marked = [shown[mark.start : mark.start + mark.length] for mark in editor.preview.text.marks()]
    assert marked == ["Say it shortly: ", " Shortly:"]


@pytest.mark.parametrize(("moves_cue", "end"), [(True, "<|end|>\nSummary: "), (False, "\nSummary:<|end|>\n")])
def test_the_cue_of_a_chat_stands_where_the_model_reads_it(editor, moves_cue, end):
    editor.write("Sum up:\n{conversation}\nSummary: ")
    frame = {"before": "<|user|>\n", "after": "<|end|>\n", "moves_cue": moves_cue}
    editor.show_filling({**FILLING, "frame": frame})
    assert editor.preview.text.text().endswith(end)


def test_the_preview_follows_the_text_at_once_and_counts_only_what_was_planned(editor):
    editor.write(MINE)
    editor.show_filling(FILLING)
    editor.area.setPlainText("Anew: {conversation}")
    assert editor.preview.text.text().endswith("Anew: Eve: now?\nFay: now.")
    assert editor.preview.count.text() == ""
    editor.show_filling(FILLING | {"template": "Anew: {conversation}", "tokens": 9, "positions": None})
    assert editor.preview.count.text() == "9 tokens"


def test_the_prompt_is_all_that_can_be_set_of_the_prompt_alone(form):
    shots, prompt = form.field("data.shots").around, form.field("data.prompt").around
    assert not prompt.isVisibleTo(form)
    form.choose_method("prompt_only")
    assert shots.isVisibleTo(form)
    assert prompt.isVisibleTo(form)
    assert not form.field("training.epochs").around.isVisibleTo(form)
    form.set_level("advanced")
    seen = [field.key for field in form._fields["training"] if field.around.isVisibleTo(form)]
    assert seen == ["training.device", "training.when_window_leaves"]
    form.choose_method("lora")
    assert form.field("training.epochs").around.isVisibleTo(form)
    form.set_level("basic")
    assert not prompt.isVisibleTo(form)


def test_the_form_tells_what_the_shown_examples_cost(form):
    form.set_level("advanced")
    form.show_plan(PLAN | {"prompt": FILLING})
    foot = "The first 2 of the training split, 800 tokens. Training skips them."
    assert foot in texts(form.field("data.shots").around)
    form.choose_method("prompt_only")
    form.show_plan(PLAN | {"prompt": FILLING})
    assert "The first 2 of the training split, 800 tokens." in texts(form.field("data.shots").around)
    assert "819 conversations to test on" in texts(form.field("data.source").around)


def test_examples_that_overflow_are_refused_beside_their_number(stage, qtbot):
    problem = {"field": "data.shots", "message": "16 examples take 9,000 tokens.", "hint": "3 would fit."}
    stage.scripts["plan"] = [["answer", PLAN | {"prompt": FILLING, "problems": [problem]}]]
    form = stage.page.panel.form
    form.choose_method("prompt_only")
    stage.page.shown()
    qtbot.waitUntil(lambda: not stage.page.panel.start_button.isEnabled())
    assert "3 would fit." in form.field("data.shots").around.problem()
    assert form.field("data.shots").control.widget.spin.property("problem") == "true"


def test_other_colours_are_no_edit(editor, styled):
    edits = []
    editor.changed.connect(lambda: edits.append(editor.text()))
    style.apply(styled, "dark")
    assert edits == []
    editor.area.setPlainText(MINE)
    assert edits == [MINE]
