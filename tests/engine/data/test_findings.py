import pytest

from engine.config.data_options import DataOptions
from engine.data import SPLITS
from engine.data.findings import FINDINGS, exclude_problems, finding, mask_problems
from engine.errors import Problem
from engine.text.pii import KINDS
from engine.worker.ingestion.token_lengths import token_counter
from engine.worker.validation.cross_row_rules import RELATIONS
from engine.worker.validation.language_id import UsualLanguages
from engine.worker.validation.row_rules import rules


def test_every_finding_can_be_found():
    ids = [entry.id for entry in FINDINGS]
    usual = UsualLanguages.of({}, {split: [] for split in SPLITS})
    found = {*rules(ids, DataOptions(source="x"), token_counter(None, ""), usual), *RELATIONS}
    assert found == set(ids)
    assert len(ids) == len(found)


def test_every_kind_of_personal_data_is_a_finding_that_says_how_to_mask_it():
    for kind in KINDS:
        assert f'data.mask = ["{kind.id}"]' in finding(kind.id).then


@pytest.mark.parametrize(
    ("ids", "problem"),
    [
        (["leak"], Problem("data.exclude", '"leak" is not a finding.', "Did you mean leaks?")),
        (
            ["leaks", "empty_summary"],
            Problem(
                "data.exclude",
                "Runs skip rows with empty_summary anyway.",
                "Remove empty_summary from the list.",
            ),
        ),
    ],
)
def test_a_list_to_exclude_is_refused_with_the_way_out(ids, problem):
    assert exclude_problems(ids, "data.exclude") == [problem]


def test_a_list_to_mask_is_refused_with_what_was_meant():
    assert mask_problems(["e-mail", "card"], "data.mask") == [
        Problem("data.mask", '"e-mail" is not a kind of personal data.', "Did you mean email?")
    ]
    assert mask_problems(["name"], "data.mask")[0].hint == "These are: email, phone, card, iban."
