import pytest

from engine.adapters import licence_terms


@pytest.mark.parametrize(
    ("name", "terms"),
    [
        ("CC BY-NC-ND 4.0", licence_terms.FORBIDDEN), ("cc-by-nd-4.0", licence_terms.FORBIDDEN),
        ("cc-by-nc-sa-4.0", licence_terms.NOT_SOLD_ALIKE), ("CC_BY_NC 4.0", licence_terms.NOT_SOLD),
        ("cc-by-sa-3.0", licence_terms.ALIKE), ("agpl-3.0", licence_terms.ALIKE),
        ("CC BY 4.0", licence_terms.NAMED), ("Apache-2.0", licence_terms.NAMED),
        ("bsd-3-clause", licence_terms.NAMED), ("cc0-1.0", licence_terms.FREE),
        ("llama3.1", licence_terms.OWN), ("bigscience-openrail-m", licence_terms.OWN), ("other", None),
        ("", None),
    ],
)  # fmt: skip
def test_a_licence_is_known_by_its_usual_names(name, terms):
    assert licence_terms.terms(name) == terms


def test_an_unknown_licence_is_told():
    unknown = "is unknown; check it before you share anything."
    assert licence_terms.of_data("") == f"The data's licence {unknown}"
    assert licence_terms.of_base_model("", "mit") == f"The base model's licence {unknown}"
    assert (
        licence_terms.of_base_model("ann/small", "") == f"The licence of the base model ann/small {unknown}"
    )
    read_it = "Its terms are unknown; read them before you share anything."
    assert licence_terms.of_data("house-1") == f"The data is under house-1. {read_it}"
