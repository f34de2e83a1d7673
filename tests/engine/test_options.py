from typing import Any, Literal

import pytest
from pydantic_core import PydanticUndefined

from engine.config.training import TrainingOptions
from engine.errors import Problem
from engine.options import Options, check, describe, option
from tests.helpers.declarations import SETTINGS

OUTSIDE = [
    (declaration, info.name, (int if info.kind == "int" else float)(bound + beyond))
    for declaration, info in SETTINGS
    for bound, beyond in ((info.minimum, -1), (info.maximum, 1))
    if bound is not None
]


class Sample(Options):
    size: int = option(4, "Size", "How large.", unit="tokens", ge=1, lt=10)
    rate: float = option(0.5, "Rate", "How fast.", level="essential", gt=0.0, le=1.0)
    exact: bool = option(False, "Exact", "Whether.", peft_name="-")
    mode: Literal["fast", "slow"] = option("fast", "Mode", "Which way.")
    names: tuple[str, ...] | None = option(None, "Names", "Which ones.", min_length=1)


def problems_of(**values: Any) -> list[Problem]:
    return check(Sample, values, "sample")[1]


def test_every_setting_speaks_for_itself():
    for _, info in SETTINGS:
        assert info.title[0].isupper(), info
        assert info.help[0].isupper() or info.help[0].isdigit(), info
        assert info.help.endswith((".", '."', ".)")), info
        assert info.title != info.name


def test_every_default_is_valid():
    for declaration, info in SETTINGS:
        values = {} if info.default is PydanticUndefined else {info.name: info.default}
        problems = check(declaration, values, "table")[1]
        assert {problem.message for problem in problems} <= {
            f"table.{other.name} is missing."
            for other in describe(declaration)
            if other.default is PydanticUndefined
        }


def test_every_bound_is_kept():
    for declaration, name, value in OUTSIDE:
        problems = check(declaration, {name: value}, "table")[1]
        assert f"table.{name}" in [problem.field for problem in problems], (name, value)


def test_every_setting_refuses_another_type():
    for declaration, info in SETTINGS:
        wrong = 7 if info.kind in {"text", "choice", "texts", "table", "bool"} else "seven"
        problems = check(declaration, {info.name: wrong}, "table")[1]
        found = next(problem for problem in problems if problem.field == f"table.{info.name}")
        assert info.title in found.message
        assert found.hint == ""


def test_a_declaration_describes_each_setting():
    size, rate, exact, mode, names = describe(Sample)
    assert (size.kind, size.unit, size.minimum, size.maximum) == ("int", "tokens", 1, 10)
    assert (rate.kind, rate.level, rate.minimum_excluded) == ("float", "essential", True)
    assert (exact.kind, exact.peft_name) == ("bool", "-")
    assert (mode.kind, mode.choices) == ("choice", ("fast", "slow"))
    assert (names.kind, names.optional, names.peft_name) == ("texts", True, "names")


def test_all_problems_are_found_at_once_each_with_its_field():
    found = problems_of(size=0, rate=2.0, mode="quick", siez=3)
    assert {problem.field for problem in found} == {
        "sample.size", "sample.rate", "sample.mode", "sample.siez",
    }  # fmt: skip


def test_a_problem_says_what_is_allowed():
    (problem,) = problems_of(size=10)
    assert problem == Problem("sample.size", "Size: less than 10.")
    (problem,) = problems_of(rate=1.5)
    assert problem == Problem("sample.rate", "Rate: at most 1.")
    (problem,) = problems_of(mode="quick")
    assert problem == Problem("sample.mode", "Mode: one of fast or slow.")


def test_an_unknown_key_is_refused_with_the_nearest_known_one():
    (problem,) = problems_of(siez=3)
    assert problem == Problem("sample.siez", "sample.siez is not known.", "Did you mean size?")


def test_a_whole_number_may_stand_for_a_real_one_but_not_the_other_way():
    found, _ = check(Sample, {"rate": 1}, "sample")
    assert isinstance(found, Sample)
    assert found.rate == 1.0
    assert problems_of(size=2.0)
    assert problems_of(rate=True)
    assert problems_of(exact=1)


@pytest.mark.parametrize("value", [float("inf"), float("-inf")])
def test_no_setting_is_a_number_without_end(value):
    assert problems_of(rate=value)


def test_a_pattern_is_told_in_words():
    (problem,) = check(TrainingOptions, {"device": "gpu"}, "training")[1]
    assert problem == Problem("training.device", "Device: auto, all, cpu, mps, xpu, or a GPU such as cuda:0.")
