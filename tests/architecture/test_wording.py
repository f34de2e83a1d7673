"""Rules for what people read that a program can check."""

import re

import pytest
import texts

from engine.config import recipe
from engine.options import check
from gui.forms.units import unit_text
from gui.forms.value_text import value_text
from gui.look import language
from tests.helpers.declarations import SETTING_IDS, SETTINGS
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
        "With {count} summaries a run learns little, and one test conversation can't show a gain. As examples in the "
        "prompt (Prompt only) they may help at once."
    ),
    "best of up to {count} references",
    "context of {count} tokens",
    "of {count} parameters",
    "{count} parameters",
    "{count} values",
}


@pytest.mark.parametrize(("declaration", "info"), SETTINGS, ids=SETTING_IDS)
def test_a_help_speaks_of_0_by_the_word_that_the_form_shows(declaration, info):
    assert not (info.zero and re.search(r"\b0[: ]", info.help))


@pytest.mark.parametrize(("declaration", "info"), SETTINGS, ids=SETTING_IDS)
def test_a_choice_has_a_name_for_people(declaration, info):
    assert [value for value in info.choices if "_" in value_text(value)] == []


@pytest.mark.parametrize(("declaration", "info"), SETTINGS, ids=SETTING_IDS)
def test_a_unit_has_a_form_for_one(declaration, info):
    assert not info.unit or unit_text(info.unit, 1) != unit_text(info.unit, 2)


def test_a_recipes_file_says_what_0_means():
    tables = {"base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"}}
    text = recipe.dumps(recipe.from_tables(tables))
    assert "max_train = 0 # Maximum number of training examples. 0: all.\n" in text


@pytest.mark.parametrize(("declaration", "info"), SETTINGS, ids=SETTING_IDS)
def test_a_problem_never_says_the_help_or_the_key_of_its_option(declaration, info):
    for wrong in NONSENSE:
        _, problems = check(declaration, {info.name: wrong}, "table")
        for problem in problems:
            said = f"{problem.message} {problem.hint}"
            assert info.help not in said
            assert info.choices or "_" not in said  # a choice can only be wrong in a file, which has the keys


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
