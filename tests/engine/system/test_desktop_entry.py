import subprocess

import pytest

from engine.errors import StorageError
from engine.system import desktop_entry
from tests.helpers.programs import needs
from tests.helpers.systems import menus


@pytest.fixture
def environment(tmp_path):
    return {"XDG_DATA_HOME": str(tmp_path / "mine"), "XDG_DATA_DIRS": str(tmp_path / "system")}


@menus
def test_entry_icon_and_file_types_are_written_and_taken_away(environment, tmp_path):
    files = desktop_entry.install(["/opt/my tools/tunesmith"], environment)
    assert [file.name for file in files] == ["tunesmith.desktop", "tunesmith.xml", "tunesmith.svg"]
    entry = files[0].read_text(encoding="utf-8")
    assert 'Exec="/opt/my tools/tunesmith" %F' in entry
    assert 'Exec="/opt/my tools/tunesmith" --page playground' in entry
    assert desktop_entry.remove(environment) == files
    assert not any(file.exists() for file in files)


@menus
@needs("desktop-file-validate", "desktop-file-utils")
def test_the_entry_is_valid(environment):
    entry = desktop_entry.install(["/opt/my tools/100%"], environment)[0]
    subprocess.run(["desktop-file-validate", str(entry)], check=True)


@menus
def test_an_entry_of_a_package_is_left_alone(environment, tmp_path):
    packaged = tmp_path / "system" / "applications" / "tunesmith.desktop"
    packaged.parent.mkdir(parents=True)
    packaged.touch()
    with pytest.raises(StorageError, match="belongs to a package"):
        desktop_entry.install(["tunesmith"], environment)


def test_elsewhere_a_shortcut_is_advised(environment, monkeypatch):
    monkeypatch.setattr(desktop_entry.sys, "platform", "darwin")
    with pytest.raises(StorageError) as caught:
        desktop_entry.install(["tunesmith"], environment)
    assert "shortcut" in caught.value.hint
