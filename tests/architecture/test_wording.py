"""Rules for what people read that a program can check."""

import re

from engine.options import check
from gui.forms.value_text import unit_text, value_text
from tests.helpers.declarations import SETTINGS
from tests.helpers.repository import sources

# What no option takes, of every kind.
NONSENSE = (-1e12, 1e12, "nonsense", [], {"a": [1]}, True)


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


def test_messages_call_the_command_as_it_was_called():
    # `main.py` is its name in a checkout alone; engine.system.command_name knows it.
    named = re.compile(r"""["'].*(?:`| {4})main\.py [a-z]""")
    found = [
        f"{name}:{number}"
        for name, text in sources("engine").items()
        for number, line in enumerate(text.splitlines(), 1)
        if named.search(line) and not line.lstrip().startswith(('"""', "#"))
    ]
    assert found == []
