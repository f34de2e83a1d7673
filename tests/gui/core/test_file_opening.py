import zipfile
from pathlib import Path

import pytest

from engine.api import DATA_FILE_KINDS, DATA_SUFFIXES, StorageError, paths
from engine.commands.parser import PAGES
from gui.core import file_opening
from gui.core.file_opening import OpenedFiles, file_filter, sorted_files
from gui.shell.rooms import MOVED, VIEWS


class Recorder:
    """A window whose pages write down what is asked of them."""

    def __init__(self, refuses: bool = False) -> None:
        self.log: list[tuple[object, ...]] = []
        self._refuses = refuses
        self.operations = self

    def show_built(self, key: str) -> "Recorder":
        self.log.append(("page", key))
        return self

    def new_run(self) -> None:
        self.log.append(("new run",))

    def import_files(self, adapters: list[Path]) -> None:
        self.log.append(("import", *adapters))

    def open_files(self, files: list[Path]) -> None:
        self.log.append(("data", *files))

    def open_file(self, recipe: Path) -> None:
        if self._refuses:
            raise StorageError("It is no recipe.", "Choose another.")
        self.log.append(("recipe", recipe))

    def say(self, text: str) -> None:
        self.log.append(("say", text))


@pytest.fixture
def adapter(tmp_path):
    folder = tmp_path / "an adapter"
    folder.mkdir()
    (folder / "adapter_config.json").write_text("{}")
    (folder / "adapter_model.safetensors").write_bytes(b"")
    return folder


def packed(file: Path, *names: str) -> Path:
    with zipfile.ZipFile(file, "w") as archive:
        for name in names:
            archive.writestr(name, "{}")
    return file


def test_the_command_line_knows_the_pages_of_the_window():
    assert set(PAGES) <= {*VIEWS, *MOVED, file_opening.NEW_RUN}


def test_recipes_adapters_and_conversations_are_told_apart(tmp_path, adapter):
    recipe = paths.presets_folder() / "starter.toml"
    packed_adapter = packed(
        tmp_path / "adapter.zip", "mine/adapter_config.json", "mine/adapter_model.safetensors"
    )
    packed_data = packed(tmp_path / "talks.zip", "talks/train.jsonl")
    talk = tmp_path / "talk.jsonl"
    talk.write_text("{}")
    model = tmp_path / "model.GGUF"
    model.write_bytes(b"GGUF")
    found = sorted_files([recipe, model, adapter, packed_adapter, packed_data, talk, tmp_path])
    assert found == OpenedFiles(recipe, model, [adapter, packed_adapter], [packed_data, talk, tmp_path])


def test_an_adapters_files_are_that_adapter_once_and_a_missing_one_is_data(adapter, tmp_path):
    own = [adapter / "adapter_config.json", adapter / "adapter_model.safetensors"]
    assert sorted_files(own) == OpenedFiles(None, None, [adapter], [])
    gone = tmp_path / "gone.toml"
    assert sorted_files([gone]) == OpenedFiles(None, None, [], [gone])


def test_each_kind_is_shown_on_its_page_and_the_recipe_stays_in_front(tmp_path, adapter):
    window, recipe = Recorder(), paths.presets_folder() / "starter.toml"
    file_opening.show(window, "playground", [recipe, adapter, tmp_path])
    assert window.log == [
        ("page", "playground"), ("page", "library"), ("import", adapter), ("page", "data"),
        ("data", tmp_path), ("page", "train"), ("recipe", recipe),
    ]  # fmt: skip


def test_a_new_run_is_a_page_with_a_deed_and_a_recipe_that_is_none_is_said_on_the_page():
    window = Recorder(refuses=True)
    file_opening.show(window, "new-run", [])
    assert window.log == [("page", "train"), ("new run",)]
    file_opening.show(window, "", [paths.presets_folder() / "starter.toml"])
    assert window.log[-1] == ("say", "It is no recipe. Choose another.")


def test_the_dialog_offers_everything_that_is_read_and_each_kind_of_it():
    everything, *kinds, others = file_filter().split(";;")
    assert everything.startswith("Conversations (*.csv ")
    assert everything.count("*") == len(DATA_SUFFIXES) == len(set(DATA_SUFFIXES))
    assert [kind.partition(" (")[0] for kind in kinds] == [kind.title for kind in DATA_FILE_KINDS]
    assert others == "All files (*)"
