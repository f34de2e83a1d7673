"""Plan, run and saved adapter count the same parameters: each method once, families in turn.

Variants are counted in tests/proof/test_proof.py, by the plan and the model that is built. The whole proof does both on
every family.
"""

from __future__ import annotations

from itertools import cycle, islice
from pathlib import Path

import pytest

from engine.config import recipe
from tests.helpers.command_line import InProcessTerminal
from tests.helpers.counted_runs import counts
from tests.helpers.tiny_models import KINDS, Kind
from tests.helpers.tiny_runs import write_conversations
from tests.proof.cells import QUANTIZATIONS, Cell, all_cells

pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore")]  # of the libraries, about each other


def one_of_each() -> list[Cell]:
    """Return a supported cell of each method, and of each variant in 4 or 8 bits, on the kinds of base model in turn.

    A quantized base's parameters are packed, which neither plan nor run may count.
    """
    cells: dict[tuple[str, str], dict[Kind, Cell]] = {}
    for cell in all_cells(QUANTIZATIONS):
        counted = cell.by_command_line and (not cell.variant or cell.quantization != "none")
        if counted and cell.refusal() is None:
            cells.setdefault((cell.method, cell.variant), {}).setdefault(cell.kind, cell)
    turns = [list(islice(cycle(KINDS), start, start + len(KINDS))) for start in range(len(KINDS))]
    return [
        next(found[kind] for kind in turns[number % len(KINDS)] if kind in found)
        for number, found in enumerate(cells.values())
    ]


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_conversations(tmp_path_factory.mktemp("conversations"))


def saved_recipe(cell: Cell, source: Path, folder: Path) -> Path:
    recipe.save(cell.recipe(source), folder / "recipe.toml")
    return folder / "recipe.toml"


@pytest.mark.parametrize("cell", one_of_each(), ids=lambda cell: cell.id)
def test_plan_run_and_adapter_count_the_same(
    cell: Cell, source: Path, tmp_path: Path, in_process: InProcessTerminal
) -> None:
    found = counts(in_process.run, saved_recipe(cell, source, tmp_path))
    assert len(set(found.values())) == 1, found
    assert (found["plan"][0] > 0) == cell.entry.trains
