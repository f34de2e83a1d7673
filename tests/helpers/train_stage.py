"""A train page with scripted workers, and the events of their runs."""

from typing import Any

from PySide6.QtWidgets import QWidget

from engine.api import recipe
from gui.core.preferences import Preferences
from gui.models.grouped_table import text_of
from gui.pages.train.page import TrainPage
from gui.tables.grouped_view import GroupedTableView
from gui.widgets.labels import Label
from gui.widgets.text_view import TextView
from tests.helpers.scripted_manager import scripted_manager

BASICS = {
    "name": "A run", "base_model": {"id": "starter"}, "data": {"source": "sample"}, "method": {"id": "lora"},
}  # fmt: skip

STARTED = {
    "event": "run_started", "total_steps": 40, "first_step": 0, "trainable_parameters": 1_000,
    "all_parameters": 100_000, "base_parameters": 99_000, "device": "cpu", "threads": 2,
    "precision": "float32", "precision_reason": "", "examples": {"train": 80, "validation": 8, "test": 8},
    "family": "encoder-decoder", "matrices": 12, "learning_rate": 0.001,
}  # fmt: skip
PLAN: dict[str, Any] = {
    "family": "encoder-decoder", "trainable_parameters": 3_538_944, "all_parameters": 251_116_800,
    "adapter_bytes": 14_200_000, "memory_bytes": 5_900_000_000, "steps": 1540, "matrices": 72,
    "modules": {"q": 36, "k": 36, "v": 36, "o": 36, "wi": 24, "wo": 24}, "targets": ["q", "v"],
    "blocks": {"encoder": 12, "decoder": 12}, "examples": {"train": 1228, "validation": 69, "test": 819},
    "problems": [],
}  # fmt: skip


def scores(mean: float, width: float = 0.012) -> dict[str, dict[str, float]]:
    names = ("rouge1", "rouge2", "rougeL", "rougeLsum")
    return {name: {"mean": mean, "low": mean - width, "high": mean + width} for name in names}


def scored(of: str, mean: float, difference: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "event": "evaluated", "step": 40, "split": "test", "of": of,
        "protocol": {"split": "test", "examples": 200}, "loss": None, "scores": scores(mean),
        "difference": difference, "capped": 0.004, "seconds": 3.0,
    }  # fmt: skip


def difference(mean: float, verdict: str) -> dict[str, Any]:
    return {name: values | {"verdict": verdict} for name, values in scores(mean, 0.009).items()}


def sample(step: int, summary: str) -> dict[str, Any]:
    return {
        "event": "sample_made", "step": step, "example": "1",
        "conversation": "Priya: the 14:10 is cancelled\nTom: ok", "reference": "Priya's train is cancelled.",
        "summary": summary, "rouge1": 0.61,
    }  # fmt: skip


SAVED = {"event": "adapter_saved", "adapter": "an-adapter", "path": "", "bytes": 14_200, "step": 40}
BEGUN = [["emit", {"event": "stage_entered", "stage": "train"}], ["emit", STARTED]]
COMPLETE = [
    *BEGUN,
    ["emit", sample(0, "Tom says ok.")],
    ["steps", {"count": 40, "per_second": 400}],
    ["emit", sample(40, "Priya's train is cancelled.")],
    ["emit", SAVED],
    ["emit", scored("base", 0.469)],
    ["emit", scored("an-adapter", 0.484, difference(0.015, "better"))],
]
ENDLESS = [*BEGUN, ["steps", {"count": 10**6, "per_second": 50}]]


class Stage:
    """A train page in a window, and scripts for its workers by kind."""

    def __init__(self, qtbot) -> None:
        self.scripts: dict[str, list[Any]] = {"plan": [["answer", PLAN]]}
        self.manager = scripted_manager(self._script)
        self.preferences = Preferences()
        self.preferences.set("recipe", recipe.dumps(recipe.from_tables(BASICS)))
        self.page = TrainPage(self.manager, self.preferences)
        qtbot.addWidget(self.page)
        self.page.resize(1232, 900)
        self.page.show()

    def _script(self, job) -> list[Any]:
        return self.scripts.get(job.request()["kind"], [])

    def start(self, qtbot, script: list[Any]):
        self.scripts["train"] = script
        self.page.panel.start_button.click()
        qtbot.waitUntil(lambda: self.manager.current is not None)
        return self.manager.current

    def run(self, qtbot, script: list[Any]):
        model = self.start(qtbot, script)
        qtbot.waitUntil(lambda: not model.running)
        return model


def labels(widget: QWidget) -> list[Label | TextView]:
    found = [each for each in widget.findChildren(QWidget) if isinstance(each, (Label, TextView))]
    return [each for each in found if each.isVisibleTo(widget)]


def texts(widget: QWidget) -> str:
    """Return the text of all visible labels of a widget, and of its tables' heads and cells, one a line."""
    found = [label.text() for label in labels(widget)]
    for view in widget.findChildren(GroupedTableView):
        table = view.table()
        found += [column.head for column in table.columns]
        found += [text_of(table.cell(item, column.key)) for item in table.items() for column in table.columns]
    return "\n".join(found)
