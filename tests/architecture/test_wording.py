"""Rules for what people read that a program can check."""

import re

import texts

from engine.options import check
from gui.forms.value_text import unit_text, value_text
from gui.look import language
from tests.helpers.declarations import SETTINGS
from tests.helpers.repository import ROOT

# What no option takes, of every kind.
NONSENSE = (-1e12, 1e12, "nonsense", [], {"a": [1]}, True)
# A count before its noun in the plural, as a text writes it: "{count} steps".
COUNT_BEFORE_NOUN = re.compile(r"\{(?:count|number|n|steps)\} [a-z]+s\b")
# The count is never one here: a limit, a size of models, or more than the one that has its own text.
NEVER_ONE = {
    "Hide the summaries of {count} parts",
    "ROUGE-1 and chrF, mean and 95 % interval, on {count} conversations with a reference.",
    "Show the summaries of {count} parts",
    "The first {most} of {count} characters are shown.",
    "The name has {count} characters.",
    (
        "With {count} summaries a run learns little, and one test conversation can't show a gain. They may help right "
        "away as examples in the prompt (Prompt only)."
    ),
    "best of up to {count} references",
    "context of {count} tokens",
    "of {count} parameters",
    "{count} parameters",
    "{count} values",
}


def test_options_speak_of_0_choices_and_units_in_words_of_people():
    for _, info in SETTINGS:
        assert not (info.zero and re.search(r"\b0[: ]", info.help)), info
        assert [value for value in info.choices if "_" in value_text(value)] == []
        assert not info.unit or unit_text(info.unit, 1) != unit_text(info.unit, 2), info


def test_a_problem_never_says_the_help_or_the_key_of_its_option():
    for declaration, info in SETTINGS:
        for wrong in NONSENSE:
            for problem in check(declaration, {info.name: wrong}, "table")[1]:
                said = f"{problem.message} {problem.hint}"
                assert info.help not in said
                # A choice can only be wrong in a file, which has the keys.
                assert info.choices or "_" not in said, said


def test_a_count_of_one_has_a_text_of_its_own():
    counted = {text.source for text in texts.texts() if text.one}
    plural = {text.source for text in texts.texts() if text.context == language.WINDOW} - counted - NEVER_ONE
    assert sorted(text for text in plural if COUNT_BEFORE_NOUN.search(text)) == []


def test_messages_call_the_command_as_it_was_called():
    # `main.py` is its name in a checkout alone; engine.system.command_name knows it.
    named = re.compile(r"""["'].*(?:`| {4})main\.py [a-z]""")
    found = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in (ROOT / "engine").rglob("*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if named.search(line) and not line.lstrip().startswith(('"""', "#"))
    ]
    assert found == []
