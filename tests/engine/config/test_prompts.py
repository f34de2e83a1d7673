import pytest

from engine.config import prompts
from engine.config.recipe import from_tables
from engine.errors import AppError
from engine.system.paths import prompts_folder

TEXT = "Sum it up: {conversation}\n\nSummary: "


def saved():
    return [(each.name, each.text) for each in prompts.templates() if not each.built_in]


def test_the_default_is_a_built_in_one_and_every_built_in_one_is_a_prompt():
    tables = {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}
    assert from_tables(tables).data.prompt == prompts.BUILT_IN[0].text
    assert all(prompts.problem(each.text) is None and each.built_in for each in prompts.templates())
    assert len({each.text for each in prompts.BUILT_IN}) == len(prompts.BUILT_IN) >= 4


@pytest.mark.parametrize(
    "text",
    [
        TEXT,
        "\n\n  {conversation}\n\n ",
        'A "quoted" \\n \t {conversation} é 日本 \N{GRINNING FACE}',
        "\r\n{conversation}\r\x07'''\"\"\"",
    ],
)
def test_a_saved_template_is_read_back_to_the_character(text):
    prompts.save("Mine", text)
    assert saved() == [("Mine", text)]
    assert prompts.named(text) == prompts.Template("Mine", text)


def test_nothing_is_overwritten_without_saying_so():
    prompts.save("Mine", TEXT)
    with pytest.raises(AppError, match="already"):
        prompts.save("mine", "Other: {conversation}")
    assert saved() == [("Mine", TEXT)]
    prompts.save("mine", "Other: {conversation}", replace=True)
    assert saved() == [("Mine", "Other: {conversation}")]


@pytest.mark.parametrize(
    "name",
    ["", "  ", "x" * 61, "a/b", "a\\b", "..", ".hidden", "end.", "what?", "a\x00b", "nul", "COM1", "com1.x"],
)
def test_a_name_that_is_no_file_name_is_refused(name):
    with pytest.raises(AppError) as caught:
        prompts.save(name, TEXT)
    assert caught.value.field == "name"
    assert saved() == []


def test_a_text_without_a_place_is_not_saved():
    with pytest.raises(AppError) as caught:
        prompts.save("Mine", "Summarise this.")
    assert caught.value.field == "prompt"
    assert "{conversation}" in caught.value.message


@pytest.mark.parametrize("over", [0, 1])
def test_a_prompt_has_a_longest_length(over):
    text = prompts.PLACEHOLDER + "x" * (prompts.MAX_CHARACTERS - len(prompts.PLACEHOLDER) + over)
    found = prompts.problem(text, "data.prompt")
    assert (found is None) == (over == 0)
    if found is not None:
        assert (found.field, "20,001 characters" in found.message) == ("data.prompt", True)
        with pytest.raises(AppError) as caught:
            prompts.save("Mine", text)
        assert caught.value.field == "prompt"


def test_a_template_is_renamed_and_keeps_its_text():
    prompts.save("Mine", TEXT)
    prompts.save("Other", TEXT + "other")
    assert prompts.rename("Mine", "MINE").name == "MINE"
    assert prompts.rename("mine", "Ours") == prompts.Template("Ours", TEXT)
    with pytest.raises(AppError, match="already"):
        prompts.rename("Ours", "other")
    assert [name for name, _ in saved()] == ["Other", "Ours"]


def test_a_template_is_deleted_and_a_built_in_one_never():
    prompts.save("Mine", TEXT)
    prompts.delete("mine")
    assert saved() == []
    for name in ("Mine", prompts.BUILT_IN[0].name):
        with pytest.raises(AppError, match="no saved template"):
            prompts.delete(name)


@pytest.mark.parametrize(
    "content",
    [b"", b"no toml", b"\xff\xfe", b'schema = 9\nprompt = "{conversation}"', b'schema = 1\nprompt = "none"'],
)
def test_a_file_that_is_no_template_is_left_out_and_left_alone(content):
    path = prompts_folder() / "Odd.toml"
    path.write_bytes(content)
    assert saved() == []
    assert path.read_bytes() == content


def test_what_is_read_is_the_template_around_each_shown_example_and_the_conversation():
    parts = prompts.rendered(
        "Say: {conversation} = {conversation}|", "asked", [("one", "ONE"), ("two", "TWO")]
    )
    text = "".join(part.text for part in parts)
    assert text == "".join(
        f"Say: {shot} = {{conversation}}|{answer}"
        for shot, answer in [("one", "ONE\n\n"), ("two", "TWO\n\n"), ("asked", "")]
    )
    assert [part.text for part in parts if not part.own] == ["one", "ONE\n\n", "two", "TWO\n\n", "asked"]


@pytest.mark.parametrize(
    ("template", "turn", "cue"),
    [
        (prompts.DEFAULT_PROMPT, "Summarize the following conversation.\n\n{conversation}\n\n", "Summary: "),
        (
            "Fasse zusammen:\n{conversation}\nZusammenfassung:\n",
            "Fasse zusammen:\n{conversation}\n",
            "Zusammenfassung:\n",
        ),
        ("总结对话。\n{conversation}\n摘要：", "总结对话。\n{conversation}\n", "摘要："),
        ("{conversation}\n\nSum this up.\nTL;DR:", "{conversation}\n\nSum this up.\n", "TL;DR:"),
    ],
)
def test_a_label_at_the_end_is_a_cue(template, turn, cue):
    assert prompts.split_cue(template) == (turn, cue)


@pytest.mark.parametrize(
    "template",
    [
        "{conversation}",
        "summarize: {conversation}",
        # Nothing else says what is to be done.
        "{conversation}\n\nSummarize it:",
        "Summarize:\n{conversation}",
        "Chat:\n{conversation}\nNow write what was agreed and what is still open:",
        "Summarize. {conversation} Summary: ",
        "Summarize:\n",
        "Summarize.\n{conversation}\nSummary",
    ],
)
def test_anything_else_is_none(template):
    assert prompts.split_cue(template) == (template, "")
