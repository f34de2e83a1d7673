"""What works where, in words: what the proof found, why something does not work, and a page that is up to date."""

from engine.config import support_matrix
from engine.config.support_matrix import Proof
from tests.helpers.repository import ROOT
from tests.proof import support_page


def test_the_page_says_what_the_proof_found_and_why_something_does_not_work():
    proof = Proof(
        "2026-02-01", {"peft": "0.21.0"}, {("vera", "", "bart", "none", False): ("failed", "It hung.")}
    )
    page = support_page.page(proof)
    assert "Tested on 2026-02-01 with peft 0.21.0." in page
    assert "\n| VeRA | all except BART\\*; fails on BART | all\\* | all\\* | all\\* |\n" in page
    assert "- **VeRA**, BART: It hung." in page
    assert "- **BitFit**, T5 v1.1, T5 v1.0: T5 models have no biases to train." in page


def test_without_a_proof_it_says_what_should_work():
    assert "Not tested yet: this should work." in support_page.page(Proof())


def test_the_page_of_the_documentation_is_what_the_shipped_proof_says():
    page = ROOT / "docs" / "supported-combinations.md"
    assert page.read_text(encoding="utf-8") == support_page.page(support_matrix.read())
