"""A project to make environments for, and a place for them."""

from __future__ import annotations

import environment
import pytest
from launcher.environments import Environments


@pytest.fixture
def project(tmp_path):
    """Return the folder of a project that asks for two packages."""
    root = tmp_path / "program"
    (root / "packaging").mkdir(parents=True)
    (root / "pyproject.toml").write_text(
        '[project]\nversion = "1.0"\ndependencies = ["torch>=2.9", "peft"]\n'
        '[project.optional-dependencies]\nliger = ["liger-kernel"]\n'
    )
    (root / environment.CONSTRAINTS).write_text("peft==0.21\n")
    return root


@pytest.fixture
def place(project, tmp_path):
    """Return where a person's environments for the project are kept."""
    folder = tmp_path / "environments"
    folder.mkdir()
    return Environments(project, folder)
