"""What holds for the files of the project, whatever they say."""

import importlib
import itertools
import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.helpers.repository import ROOT

TEXT = {".py", ".md", ".toml", ".txt", ".yml", ".cfg", ".sh", ".json", ".svg", ".qss", ".html", ".scene", ""}
# Paths of somebody's machine and hosts of somebody's registry (spelt so as not to find itself).
MACHINE = re.compile(r"/(?:work|farm)/|/ro[o]t/|--(?:extra-)?index-ur[l]|https?://[^ \"]*/simpl[e]\b")
UNFINISHED = re.compile(r"\b(?:TOD[O]|FIXM[E]|XX[X])\b")
MAX_LINES = 500


def tracked():
    answer = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    files = [ROOT / name for name in answer.stdout.split("\0") if name]
    return [file for file in files if file.is_file()]


def constraints():
    lines = (ROOT / "packaging" / "constraints.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def declared():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    extras = project["project"]["optional-dependencies"]
    lines = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    requirements = [Requirement(line) for line in [*lines, *itertools.chain(*extras.values())]]
    return [each for each in requirements if each.marker is None or each.marker.evaluate()]


def canonical(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def test_python_files_stay_short_enough_to_read():
    files = [file for file in tracked() if file.suffix == ".py"]
    long = {file.relative_to(ROOT): count for file in files if (count := line_count(file)) > MAX_LINES}
    assert len(files) > 50
    assert not long


def line_count(file):
    return len(file.read_text(encoding="utf-8").splitlines())


@pytest.mark.parametrize("pattern", [MACHINE, UNFINISHED], ids=["machine", "unfinished"])
def test_nothing_of_one_machine_and_nothing_unfinished_is_kept(pattern):
    texts = [file for file in tracked() if file.suffix in TEXT and file.stat().st_size < 1_000_000]
    found = [
        f"{file.relative_to(ROOT)}:{number}"
        for file in texts
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if pattern.search(line)
    ]
    assert len(texts) > 50
    assert not found


def test_the_starter_s_weights_the_languages_and_the_screenshots_are_the_only_binary_files():
    binary = {file.relative_to(ROOT).as_posix() for file in tracked() if b"\0" in file.read_bytes()}
    pictures = {
        name for name in binary if re.fullmatch(r"resources/screenshots/([\w-]+\.png|demo\.webp)", name)
    }
    assert binary - pictures == {"resources/starter/model.safetensors", "resources/languages/de.qm"}


def test_contributing_shows_every_developer_command():
    verbs = subprocess.run(
        [sys.executable, "packaging/dev.py", "--help"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    names = re.findall(r"packaging/dev\.py (\w+)", verbs)
    guide = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert len(names) >= 6
    assert [name for name in names if f"packaging/dev.py {name}" not in guide] == []


def test_documents_link_to_files_that_are_there():
    pages = [file for file in tracked() if file.suffix == ".md"]
    links = [
        (page, link)
        for page in pages
        for link in re.findall(r"\]\(([^)#:\s]+)[)#]", page.read_text(encoding="utf-8"))
    ]
    assert len(links) > 20
    assert [(page.name, link) for page, link in links if not (page.parent / link).exists()] == []


def test_the_page_on_the_command_line_is_the_parser_s(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "packaging")
    page = importlib.import_module("command_line")
    assert page.PAGE.read_text(encoding="utf-8") == page.text(), "python3 packaging/dev.py docs writes it"


def test_every_dependency_but_torch_is_pinned_within_its_range():
    pins = {canonical(each.name): each for each in constraints()}
    for requirement in declared():
        if requirement.name == "torch":
            continue
        pin = pins[canonical(requirement.name)]
        (version,) = (each.version for each in pin.specifier)
        assert requirement.specifier.contains(version), f"{pin} is outside {requirement}"


def test_constraints_name_a_version_and_nothing_else():
    pins = constraints()
    assert len(pins) > 50
    assert [str(each) for each in pins if not re.fullmatch(r"[\w.-]+==[\w.]+", str(each))] == []
    assert "torch" not in {each.name for each in pins}


def test_tables_for_spreadsheets_are_written_in_one_way_only():
    """Elsewhere, cells that begin as formulas would be carried out by whoever opens the file."""
    writing = re.compile(r"\bcsv\.(?:writer|DictWriter)\b|\.(?:to_csv|to_excel)\(|\bWorkbook\(")
    product = [file for file in tracked() if file.suffix == ".py" and file.is_relative_to(ROOT / "engine")]
    product += [file for file in tracked() if file.suffix == ".py" and file.is_relative_to(ROOT / "gui")]
    found = [
        str(file.relative_to(ROOT)) for file in product if writing.search(file.read_text(encoding="utf-8"))
    ]
    assert found == ["engine/system/csv_file.py"]
