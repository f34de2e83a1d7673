"""Who imports whom, and what a start of the window loads."""

import ast
import subprocess
import sys

from engine import api
from tests.helpers.repository import ROOT, sources

HEAVY = {"torch", "transformers", "peft", "datasets", "accelerate", "bitsandbytes", "evaluate"}


def loaded_by(statement):
    code = f"{statement}\nimport sys\nprint(*{{name.partition('.')[0] for name in sys.modules}})"
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return set(answer.stdout.split())


def test_the_window_starts_without_torch_and_without_plots():
    loaded = loaded_by("import gui.app")
    assert "PySide6" in loaded
    assert not loaded & (HEAVY | {"pyqtgraph", "pyarrow", "pandas"})


def test_the_engine_starts_without_qt_and_without_torch():
    loaded = loaded_by("import engine.api")
    assert not loaded & (HEAVY | {"PySide6", "shiboken6", "pyqtgraph"})


def test_the_door_of_the_engine_offers_what_the_window_uses_and_no_more():
    offered = {name for name in vars(api) if not name.startswith("_")} - {"annotations"}
    used = {
        alias.name
        for text in sources("gui").values()
        if "engine.api" in text
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.ImportFrom) and node.module == "engine.api"
        for alias in node.names
    }
    assert offered == used
