import io
from argparse import Namespace
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.commands import recipe_file
from engine.errors import RecipeError
from engine.system.foreign_files import FileKind

TEXT = '[base_model]\nid = "starter"\n[data]\nsource = "sample"\n[method]\nid = "lora"\n'


def read(monkeypatch: pytest.MonkeyPatch, content: bytes, *overrides: str):
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=io.BytesIO(content)))
    return recipe_file.read(Namespace(recipe=Path("-"), overrides=list(overrides)))


def test_a_dash_reads_the_input_and_takes_changes(home, monkeypatch):
    recipe = read(monkeypatch, TEXT.encode(), "method.rank=4")
    assert recipe.name == "starter · sample · LoRA r 4"
    # As an editor or a shell of Windows writes it.
    of_windows = b"\xef\xbb\xbf" + TEXT.replace("\n", "\r\n").encode()
    assert read(monkeypatch, of_windows, "method.rank=4") == recipe


@pytest.mark.parametrize(
    "content",
    [b"\xff\xfe", b"[base_model", b"#" * (FileKind.RECIPE.max_bytes + 1)],
    ids=["bytes", "half", "large"],
)
def test_other_input_is_a_problem_of_the_recipe(home, monkeypatch, content):
    with pytest.raises(RecipeError):
        read(monkeypatch, content)
