"""Processes that can't compute together are named before they do."""

import pytest

from engine.errors import WorkerError
from engine.system import ranks
from engine.worker.runtime import rank_joining
from engine.worker.runtime.rank_joining import disagreement

VERSIONS = {"python": "3.11.7", "torch": "2.13.0"}
FIRST = {"host": "here", "versions": VERSIONS, "recipe": "a1", "data": "b2"}


def second(**told):
    return {**FIRST, "host": "there"} | told


@pytest.mark.parametrize(
    ("told", "message"),
    [
        ({"versions": VERSIONS | {"torch": "2.12.0"}}, "has torch 2.12.0, process 0 (on here) has 2.13.0"),
        ({"versions": {"python": "3.11.7"}}, "has torch none"),
        ({"recipe": "a2"}, "has another recipe than process 0"),
        ({"data": "b3"}, "has other conversations than process 0"),
        ({"problem": "There is no recipe x.toml."}, "There is no recipe x.toml."),
    ],
)
def test_who_differs_is_named_with_what(told, message):
    problem = disagreement([FIRST, second(), second(**told)])
    assert message in problem.message
    assert "Process 2 (on there)" in problem.message
    assert problem.hint


def test_what_a_process_does_not_know_it_does_not_disagree_about():
    assert disagreement([FIRST, {"host": "there", "versions": VERSIONS}]) is None
    assert disagreement([FIRST, second(data="")]) is None


@pytest.mark.parametrize("name", rank_joining.OTHER_WAYS)
def test_a_model_shared_out_in_another_way_is_refused_by_name(monkeypatch, name):
    for variable, value in (ranks.variables(0, 2, 29500) | {name: "true"}).items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(WorkerError, match="is not supported") as refused, rank_joining.joined({}, print):
        pass
    assert refused.value.field == name
