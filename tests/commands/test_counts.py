"""Plan, run and saved adapter count the same parameters, on a method of each kind and every family.

The plan and the model that is built are compared for every method in tests/proof; the whole proof does both.
"""

import pytest

from engine.config import recipe
from tests.helpers.counted_runs import counts
from tests.helpers.tiny_runs import write_conversations
from tests.proof.cells import all_cells

# A quantized base's parameters are packed, AdaLoRA's change in training, and soft prompts lie outside of all layers.
CELLS = (
    "lora+qlora-t5-tied-nf4+double", "prompt_tuning-gpt2-none", "lora-llama-none", "adalora-t5-none",
    "bitfit-bart-none", "full-t5-tied-none", "prompt_only-llama-none",
)  # fmt: skip

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]  # of the libraries, about each other


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    return write_conversations(tmp_path_factory.mktemp("conversations"))


@pytest.mark.slow("engine/methods/", "engine/worker/planning/", "engine/worker/adapters/", quick=1)
@pytest.mark.parametrize("name", CELLS)
def test_plan_run_and_adapter_count_the_same(name, source, tmp_path, in_process):
    [cell] = [cell for cell in all_cells() if cell.id == name]
    recipe.save(cell.recipe(source), tmp_path / "recipe.toml")
    found = counts(in_process.run, tmp_path / "recipe.toml")
    assert len(set(found.values())) == 1, found
    assert (found["plan"][0] > 0) == cell.entry.trains
