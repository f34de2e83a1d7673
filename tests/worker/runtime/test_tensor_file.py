import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save

from engine.worker.runtime import tensor_file

SHAPES = [(), (0,), (7,), (3, 5), (2, 3, 4)]
MEMORY = """
import sys, torch
from pathlib import Path
from tests.helpers import peak_memory, pretend_card
from engine.worker.runtime import tensor_file
pretend_card.register()
tensors = {f"layer.{index}.weight": torch.ones(1024, 2560, device="card:0") for index in range(40)}
with pretend_card.counting() as counts, peak_memory.growth_of_this_process() as growth:
    tensor_file.write(tensors, Path(sys.argv[1]))
print(growth.mb, counts.transfers)
"""


def test_a_file_is_the_librarys_own_byte_by_byte(tmp_path):
    tensors = {
        f"Schicht «{index}».{dtype}": (torch.arange(torch.Size(shape).numel()).reshape(shape) % 2).to(dtype)
        for dtype in reversed(tensor_file.DTYPES)
        for index, shape in enumerate(SHAPES)
    }
    tensor_file.write(tensors, tmp_path / "file")
    assert (tmp_path / "file").read_bytes() == save(tensors, metadata=tensor_file.METADATA)


def test_tensors_that_share_memory_or_are_turned_are_written_one_by_one(tmp_path):
    weight = torch.arange(6.0).reshape(2, 3)
    tensor_file.write({"a": weight, "b": weight, "turned": weight.T}, tmp_path / "file")
    read = load_file(tmp_path / "file")
    assert torch.equal(read["a"], weight)
    assert torch.equal(read["b"], weight)
    assert torch.equal(read["turned"], weight.T)


@pytest.mark.slow("engine/worker/runtime/", "tests/helpers/pretend_card/")
def test_of_a_card_one_tensor_at_a_time_is_in_the_processors_memory(tmp_path):
    """40 tensors of 10 MB."""
    run = subprocess.run(
        [sys.executable, "-c", MEMORY, str(tmp_path / "file")], capture_output=True, text=True, check=True
    )
    growth, transfers = map(int, run.stdout.split())
    assert growth < 50
    assert transfers == 40
