import sys

import environment
import pytest

from tests.helpers.systems import shell_scripts


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Return a checkout with an environment whose filling is only counted, in `checkout.installs`."""
    (tmp_path / "packaging").mkdir()
    (tmp_path / ".venv" / "bin").mkdir(parents=True)
    (tmp_path / "pyproject.toml").write_text("[project]\n")
    (tmp_path / environment.CONSTRAINTS).write_text("pydantic==2.0\n")
    (tmp_path / ".venv" / "pyvenv.cfg").write_text("version = 3.11.2\n")
    environment.program(environment.folder(tmp_path), "python").parent.mkdir(exist_ok=True)
    environment.program(environment.folder(tmp_path), "python").symlink_to(sys.executable)
    return tmp_path


@pytest.fixture
def installs(monkeypatch):
    found = []
    monkeypatch.setattr(environment, "_install", found.append)
    monkeypatch.setattr(environment, "works", lambda place: True)
    return found


def test_the_environment_is_filled_once(checkout, installs, capsys):
    environment.ensure(checkout)
    environment.ensure(checkout)
    assert installs == [checkout]
    assert "ready after" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["pyproject.toml", environment.CONSTRAINTS, ".venv/pyvenv.cfg"])
def test_a_changed_definition_fills_it_again(checkout, installs, name):
    environment.ensure(checkout)
    (checkout / name).write_text("changed\n")
    environment.ensure(checkout)
    assert installs == [checkout, checkout]


def test_a_failed_filling_is_tried_again(checkout, installs, monkeypatch):
    def fail(root):
        raise SystemExit(1)

    environment.ensure(checkout)
    (checkout / "pyproject.toml").write_text("changed\n")
    with monkeypatch.context() as failing:
        failing.setattr(environment, "_install", fail)
        with pytest.raises(SystemExit):
            environment.ensure(checkout)
    environment.ensure(checkout)
    assert len(installs) == 2


@shell_scripts
def test_another_interpreter_takes_the_place_of_an_old_one(tmp_path, monkeypatch, capsys):
    other = tmp_path / environment.OTHERS[0]
    other.write_text("#!/bin/sh\nexit 0\n")
    other.chmod(0o755)
    monkeypatch.setattr(environment, "OLDEST", (99, 0))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert environment.fitting_interpreter() == str(other)
    assert "is too old. Taking" in capsys.readouterr().out


def test_without_a_fitting_interpreter_the_way_out_is_printed(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(environment, "OLDEST", (99, 0))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SystemExit):
        environment.fitting_interpreter()
    assert "apt-get install python3 python3-venv" in capsys.readouterr().out
