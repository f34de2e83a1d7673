"""Terminals with a home of the test's own, and recipes of short runs."""

from pathlib import Path

import pytest

from engine.commands import cli
from tests.helpers.command_line import Finished, InProcessTerminal, Terminal


@pytest.fixture
def terminal(home):
    """A terminal with a home of this test's own."""
    return Terminal(home)


@pytest.fixture
def in_process(home):
    """A home of this test's own whose commands and workers need no process."""
    return InProcessTerminal(home)


@pytest.fixture(scope="session")
def make_recipe(tmp_path_factory):
    """Writes the recipe of a run of a few steps on a small model of a kind, and returns its file."""
    from engine.config import recipe
    from tests.helpers.tiny_models import Kind
    from tests.helpers.tiny_runs import tiny_recipe

    def make(kind: Kind, *overrides: str) -> Path:
        folder = tmp_path_factory.mktemp("recipe")
        recipe.save(tiny_recipe(folder, kind, "lora", *overrides), folder / f"{kind}.toml")
        return folder / f"{kind}.toml"

    return make


@pytest.fixture
def call(capsys):
    """Carries out a command in this process."""

    def run(*arguments: str) -> Finished:
        try:
            code = cli.run(cli.parse(arguments))
        except SystemExit as error:
            code = int(error.code or 0)
        return Finished(code, *capsys.readouterr())

    return run
