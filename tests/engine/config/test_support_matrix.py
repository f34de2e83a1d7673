import json
from typing import Any

import pytest

from engine.config import model_info, support_matrix
from engine.config.support_matrix import KINDS, WEIGHT_FORMATS, Kind, Row
from engine.methods import method
from tests.helpers.tiny_models import KINDS as PROVEN_KINDS
from tests.helpers.tiny_models import tiny_model
from tests.proof.cells import QUANTIZATIONS

AS_IT_IS, INT8, _, DOUBLE = WEIGHT_FORMATS


def _kind(kind_id: str) -> Kind:
    return next(kind for kind in KINDS if kind.id == kind_id)


def _row(method_id: str, variant_id: str = "") -> Row:
    entry = method(method_id)
    return Row(entry, next((one for one in entry.variants if one.id == variant_id), None))


def _cell(method_id: str, outcome: str, **changed: Any) -> dict[str, Any]:
    cell = {"method": method_id, "variant": "", "kind": "t5", "quantization": "none", "double": False}
    return cell | {"outcome": outcome, "reason": "Seen to fail." if outcome == "failed" else ""} | changed


@pytest.fixture
def proof(tmp_path):
    """A small proof: one cell passed, one failed, one passed that the registry refuses."""
    cells = [
        _cell("lora", "passed"),
        _cell("lora", "passed", quantization="nf4", double=True),
        _cell("vera", "failed"),
        _cell("bitfit", "passed"),
    ]
    path = tmp_path / "proof.json"
    path.write_text(json.dumps({"made_at": "2026-02-01", "versions": {"peft": "0.21.0"}, "cells": cells}))
    return support_matrix.read(path)


def test_kinds_and_ways_of_keeping_are_those_that_are_proven():
    assert {kind.id for kind in KINDS} == set(PROVEN_KINDS)
    assert tuple((weights.quantization, weights.double) for weights in WEIGHT_FORMATS) == QUANTIZATIONS


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.id)
def test_kinds_are_what_the_proven_models_are(kind):
    facts = model_info.read(tiny_model(kind.id), "none")
    assert (facts.family, facts.model_type) == (kind.family, kind.model_type)


def test_outcomes_are_found_in_their_cells(proof):
    lora, t5 = _row("lora"), _kind("t5")
    assert proof.find(lora, t5, AS_IT_IS) == support_matrix.Support("proven")
    assert proof.find(lora, t5, DOUBLE) == support_matrix.Support("proven")
    assert proof.find(lora, t5, INT8).state == "unproven"
    assert proof.find(lora, _kind("gpt2"), AS_IT_IS).state == "unproven"
    assert proof.find(_row("vera"), t5, AS_IT_IS) == support_matrix.Support("failed", "Seen to fail.")


def test_what_the_registry_refuses_is_refused_whatever_an_older_proof_saw(proof):
    found = proof.find(_row("bitfit"), _kind("t5"), AS_IT_IS)
    assert found.state == "refused"
    assert "no biases" in found.reason


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"cells": [{"method": "lora"}]}'])
def test_a_file_that_cannot_be_read_is_no_proof(tmp_path, text):
    path = tmp_path / "proof.json"
    assert not support_matrix.read(path).is_made
    path.write_text(text)
    assert not support_matrix.read(path).is_made


@pytest.mark.parametrize("weights", WEIGHT_FORMATS, ids=lambda weights: weights.title)
def test_the_registry_has_a_word_on_every_cell(weights):
    found = [
        support_matrix.Proof().find(row, kind, weights) for row in support_matrix.rows() for kind in KINDS
    ]
    told = [support for support in found if support is not None]
    assert {support.state for support in told} == {"unproven", "refused"}
    assert all(support.reason for support in told)
