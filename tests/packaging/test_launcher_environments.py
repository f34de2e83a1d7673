"""A person's environments: where they lie, which is in use, and how long the previous one stays."""

import subprocess

import environment
import pytest
from launcher import environments
from launcher.environments import Environments

from engine.system import paths
from tests.helpers.launcher_setup import fill_environment, make_active


def test_environments_lie_beside_the_other_data(monkeypatch, tmp_path):
    monkeypatch.setenv("TUNESMITH_HOME", str(tmp_path / "home"))
    assert environments.home().parent == paths.runs_folder().parent
    monkeypatch.delenv("TUNESMITH_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert environments.home().parent == paths.runs_folder().parent
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert environments.home().parent == paths.runs_folder().parent


def test_an_unfinished_one_goes_on_for_the_same_build_only(place):
    first = place.begin("cuda")
    assert place.begin("cuda") == first
    other = place.begin("cpu")
    assert other != first
    assert not first.exists()


def test_the_previous_one_stays_in_use_until_the_next_is_finished(place, project):
    old = make_active(place)
    (project / "pyproject.toml").write_text('[project]\nversion = "2.0"\ndependencies = ["torch>=3"]\n')
    newer = Environments(project, place.folder)
    assert newer.in_use() == old
    assert not newer.is_current()
    new = fill_environment(newer.begin("cpu"))
    assert newer.in_use() == old
    newer.switch_to(new)
    assert newer.in_use() == new
    assert newer.is_current()
    assert old.is_dir()
    newer.tidy()
    assert not old.exists()
    assert newer.in_use() == new


def test_the_previous_one_stays_while_something_runs_from_it(place):
    old, _new = make_active(place), make_active(place)
    program = old / "bin" / "program"
    program.symlink_to("/bin/cat")
    with subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        # Until it answers, the system may not know yet what it runs.
        running.stdin.write(b"there?\n")
        running.stdin.flush()
        assert running.stdout.readline() == b"there?\n"
        place.tidy()
        assert old.is_dir()
    place.tidy()
    assert not old.exists()


def test_an_environment_of_a_python_that_was_replaced_is_not_used(place, tmp_path):
    folder = place.begin("cpu")
    (folder / "bin").mkdir()
    (tmp_path / "python3.99").write_text("")
    environment.program(folder, "python").symlink_to(tmp_path / "python3.99")
    (folder / "lib" / "python3.99").mkdir(parents=True)
    place.switch_to(folder)
    assert place.in_use() == folder
    (folder / "lib" / "python3.99").rename(folder / "lib" / "python3.98")
    assert place.in_use() is None


def test_two_starts_do_not_make_it_at_the_same_time(place):
    with place.being_made(), pytest.raises(environments.Busy), place.being_made():
        pass
    with place.being_made():
        pass


def test_an_environment_is_in_use_and_current_once_it_is_finished(place):
    assert place.in_use() is None
    folder = fill_environment(place.begin("cpu"))
    assert place.in_use() is None
    assert not place.is_current()
    place.switch_to(folder)
    assert place.in_use() == folder
    assert place.is_current()
