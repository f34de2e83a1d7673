"""What the card of a folder tells."""

import pytest

from engine.worker.hub import repository_card


@pytest.mark.parametrize(
    ("facts", "codes"),
    [
        ("language: en", ("en",)),
        ("language:\n- en\n- de\nlicense: mit", ("en", "de")),
        ("license: mit\nlanguage:\n  - pt-BR\n  - nb", ("pt", "no")),
        ('language: [en, "fr"]', ("en", "fr")),
        ("language:\n- en\n- multilingual", ()),
        ("language:\n- eng", ()),
        ("license: mit", ()),
    ],
)
def test_the_languages_of_a_model_are_those_of_its_card(facts, codes, tmp_path):
    (tmp_path / "README.md").write_text(f"---\n{facts}\n---\n# A model\nlanguage: xx\n", "utf-8")
    assert repository_card.language_codes(tmp_path) == codes


def test_a_card_without_facts_or_no_card_names_no_language(tmp_path):
    assert repository_card.language_codes(tmp_path) == ()
    (tmp_path / "README.md").write_text("# A model\nlanguage: en\n", "utf-8")
    assert repository_card.language_codes(tmp_path) == ()
