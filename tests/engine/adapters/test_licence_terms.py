"""What is said of well-known licences, and of those that nobody here knows."""

import pytest

from engine.adapters import licence_terms


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("CC BY-NC-ND 4.0", licence_terms.FORBIDDEN),
        ("cc-by-nd-4.0", licence_terms.FORBIDDEN),
        ("cc-by-nc-sa-4.0", licence_terms.NOT_SOLD_ALIKE),
        ("CC_BY_NC 4.0", licence_terms.NOT_SOLD),
        ("cc-by-sa-3.0", licence_terms.ALIKE),
        ("agpl-3.0", licence_terms.ALIKE),
        ("CC BY 4.0", licence_terms.NAMED),
        ("Apache-2.0", licence_terms.NAMED),
        ("bsd-3-clause", licence_terms.NAMED),
        ("cc0-1.0", licence_terms.FREE),
        ("llama3.1", licence_terms.OWN),
        ("bigscience-openrail-m", licence_terms.OWN),
        ("other", None),
        ("", None),
    ],
)
def test_a_licence_is_known_by_its_usual_names(name, terms):
    assert licence_terms.terms(name) == terms


def test_an_unknown_licence_is_told():
    assert licence_terms.sentence("the data", "") == (
        "The licence of the data is not known: find it out before you pass anything on."
    )
    assert licence_terms.sentence("the data", "house-1") == (
        "The data is under house-1: what it says of passing on is not known here: read it."
    )
