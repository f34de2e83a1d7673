"""The part of the proof that test runs repeat, and the machinery of the whole.

Every run: a method of each group, and LoRA on a quantized base. With the slow tests: every method and most variants on
T5 and Llama in turn, LoRA and prefix tuning on all that they differ on, and LoRA in FP4, which the whole proof leaves
out.
"""

import json
from dataclasses import astuple

import pytest

from engine.errors import RecipeError
from engine.methods import METHODS
from tests.helpers.tiny_models import KINDS
from tests.proof import __main__ as driver
from tests.proof import checks, results
from tests.proof.cells import FP4, QUANTIZATIONS, all_cells, chosen, shards
from tests.proof.results import Result
from tests.proof.shard import in_words, prove
from tests.proof.workshop import opened

CELLS = all_cells()
IN_TURN = ("t5", "llama")
OTHERS = {
    *(f"lora-{kind}-none" for kind in KINDS),
    *(f"prefix_tuning-{kind}-none" for kind in ("t5", "bart", "llama")), "lora-t5-int8", "lora-t5-fp4+double",
    "lora-gpt2-nf4+double", "prefix_tuning-t5-int8",
}  # fmt: skip


# A layer's adapter, one on a quantized base, and one before the input.
ALWAYS = ("lora-t5-none", "lora-gpt2-nf4+double", "prompt_tuning-llama-none")
# They begin elsewhere or take other layers, which tests/worker/adapters looks at, and are else as the plain method.
LEFT_OUT = {
    ("bottleneck", "pfeiffer"), ("layers", "attention"), ("layers", "last_two_blocks"), ("lora", "gaussian"),
    ("lora", "orthogonal"), ("lora", "rslora"),
}  # fmt: skip


def repeated():
    """Return each method and variant but those on one base that it can be trained on, and the others."""
    entries = {(cell.method, cell.variant) for cell in CELLS} - LEFT_OUT
    turns = {entry: IN_TURN[number % 2 :] + IN_TURN for number, entry in enumerate(sorted(entries))}
    found = {}
    for cell in CELLS:
        kinds = turns.get((cell.method, cell.variant), ())
        if cell.kind in kinds and cell.refusal() is None:
            key = cell.method, cell.variant
            found[key] = min(found.get(key, cell), cell, key=lambda each: kinds.index(each.kind))
    return {*found.values(), *(cell for cell in CELLS + all_cells(FP4) if cell.id in OTHERS)}


@pytest.fixture(scope="module")
def workshop(tmp_path_factory):
    with opened(tmp_path_factory.mktemp("proof")) as shop:
        yield shop


@pytest.mark.torch
@pytest.mark.filterwarnings("ignore")  # of the libraries, about each other
@pytest.mark.slow(
    "engine/methods/", "engine/worker/adapters/", "engine/worker/modeling/", "engine/worker/training/",
    "tests/proof/", quick=len(ALWAYS),
)  # fmt: skip
@pytest.mark.parametrize(
    "cell", sorted(repeated(), key=lambda cell: (cell.id not in ALWAYS, cell.id)), ids=lambda cell: cell.id
)
def test_the_method_does_what_the_registry_says(workshop, tmp_path, cell):
    # Counts are compared in tests/commands/test_counts.py, on every kind of base model in turn.
    result = prove(cell, workshop, tmp_path / "cell", skipped=[checks.counts])
    assert result.outcome != "failed", result.reason


def test_every_entry_and_variant_has_cells_on_every_kind_of_base():
    for entry in METHODS:
        plain = [cell for cell in CELLS if cell.method == entry.id and not cell.variant]
        assert len(plain) == len(KINDS) * len(QUANTIZATIONS)
        for variant in entry.variants:
            kinds = {cell.kind for cell in CELLS if (cell.method, cell.variant) == (entry.id, variant.id)}
            assert kinds == set(KINDS), (
                f"{entry.id} {variant.id} asks for a base that the proof does not have"
            )
    assert len({cell.id for cell in CELLS}) == len(CELLS)


def test_what_the_help_shows_is_the_whole_registry_with_its_refusals():
    published = json.loads(results.PUBLISHED.read_text(encoding="utf-8"))
    place = ("method", "variant", "kind", "quantization", "double")
    found = {tuple(each[name] for name in place): each for each in published["cells"]}
    assert found.keys() == {astuple(cell) for cell in CELLS}, "dev.py proof writes it anew"
    refused = {at: each["reason"] for at, each in found.items() if each["outcome"] == "refused"}
    assert refused == {
        astuple(cell): in_words(refusal) for cell in CELLS if (refusal := cell.refusal()) is not None
    }
    assert published["versions"].keys() == set(results.LIBRARIES)


def test_words_pick_cells_by_all_kinds_of_word_and_any_of_one():
    picked = chosen(CELLS, ["lora", "full", "t5", "none"])
    assert {(cell.method, cell.base) for cell in picked} == {("lora", "t5-none"), ("full", "t5-none")}
    with pytest.raises(RecipeError, match="no_such"):
        chosen(CELLS, ["no_such"])


@pytest.fixture
def ended(monkeypatch, tmp_path):
    """Let shards be done by nobody: `ended.by(cells)` says which of the cells a process gets done."""
    monkeypatch.setattr(results, "FOLDER", tmp_path)

    def run(shard, code, waiting):
        run.asked.append(waiting)
        for cell in run.by(waiting):
            results.write(Result(cell, "passed"), shard, code)
        return -11

    run.asked, run.by = [], list
    monkeypatch.setattr(driver, "_run", run)
    return run


def test_a_shard_that_is_done_is_not_done_again_until_the_code_changes(ended):
    shard, cells = next(iter(shards(CELLS).items()))
    driver.prove_shard(shard, cells, "code")
    driver.prove_shard(shard, cells, "code")
    assert len(ended.asked) == 1
    driver.prove_shard(shard, cells, "other code")
    assert len(ended.asked) == 2


def test_a_process_that_dies_fails_one_cell_and_another_does_the_rest(ended):
    shard, cells = next(iter(shards(CELLS).items()))
    ended.by = lambda waiting: waiting[:1] if len(ended.asked) == 1 else waiting
    found = driver.prove_shard(shard, cells, "code")
    assert [each.cell for each in found.values() if each.outcome == "failed"] == [cells[1].id]
    assert "-11" in found[cells[1].id].reason
    driver.prove_shard(shard, cells, "code")
    assert ended.asked[-1] == [cells[1].id]
