"""The proof of the methods on the device, with tiny models. Its results are kept where `dev.py proof` keeps them."""

from collections.abc import Iterable, Iterator

from tests.benchmarks.card.figures import Figure
from tests.benchmarks.card.parts import Setting
from tests.helpers.tiny_models import KINDS
from tests.proof import results
from tests.proof.__main__ import prove
from tests.proof.card_part import part
from tests.proof.cells import PREFIXES, Cell, all_cells

NO_FAILURE = "0 failed"
QUANTIZED = ("int8", "nf4")


def methods(setting: Setting) -> Iterator[Figure]:
    """Prove LoRA on every kind of base, also quantized, and each other method on one kind."""
    quantized = [
        cell
        for cell in all_cells()
        if (cell.method, cell.variant) == ("lora", "")
        and cell.kind in {"t5", "llama"}
        and cell.quantization in QUANTIZED
    ]
    return _proven([*(cell for cell, _ in part()), *quantized], setting)


def everything(setting: Setting) -> Iterator[Figure]:
    """Prove every method and variant on every kind of base, at every quantization."""
    return _proven(all_cells(), setting)


def _proven(cells: Iterable[Cell], setting: Setting) -> Iterator[Figure]:
    """Yield a figure for each kind of base model, and one for each failure."""
    cells = list(cells)
    for kind in KINDS:
        found = prove([cell for cell in cells if cell.kind == kind], 1, PREFIXES[setting.kind])
        failed = [each for each in found.values() if each.outcome == "failed"]
        yield Figure(f"on {kind}", results.counted(found.values()), NO_FAILURE, not failed)
        for each in failed:
            yield Figure(each.cell, each.reason, "passes", met=False)
