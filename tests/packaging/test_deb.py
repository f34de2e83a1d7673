import configparser
import gzip
import re
import subprocess
import sys
import tomllib
from xml.etree import ElementTree as ET

import deb
import pytest
import qt_libraries

from engine.api import DATA_SUFFIXES
from engine.commands.cli import add_verbs
from engine.commands.parser import PAGES, make_parser
from tests.helpers.repository import ROOT
from tests.helpers.systems import modes

SHARE = "usr/share"


class KeysAsTheyAre(configparser.ConfigParser):
    def optionxform(self, optionstr: str) -> str:
        return optionstr


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return deb.lay_out(tmp_path_factory.mktemp("deb") / "tree")


@pytest.fixture(scope="module")
def entry(tree):
    parser = KeysAsTheyAre(interpolation=None)
    parser.read(tree / SHARE / "applications/tunesmith.desktop", encoding="utf-8")
    return parser


def control(tree):
    text = (tree / "DEBIAN/control").read_text(encoding="utf-8")
    return dict(line.split(": ", 1) for line in text.splitlines() if not line.startswith(" "))


def test_all_that_runs_is_there_and_nothing_of_the_workshop(tree):
    program = tree / SHARE / "tunesmith"
    for name in (
        "main.py",
        "engine/api.py",
        "gui/app.py",
        "resources/starter/model.safetensors",
        "resources/templates/report/run.html",
    ):
        assert (program / name).read_bytes() == (ROOT / name).read_bytes()
    assert {file.name for file in (program / "packaging").iterdir()} == {"constraints.txt", "launcher.py"}
    assert not (program / "tests").exists()
    assert not (program / "resources/screenshots").exists()
    assert list(tree.rglob("__pycache__")) == []


def test_environments_are_made_of_the_projects_dependencies_and_of_nothing_that_changes_without_them(tree):
    shipped = tomllib.loads((tree / SHARE / "tunesmith/pyproject.toml").read_text(encoding="utf-8"))
    whole = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {name: whole[name] for name in ("name", "dependencies")}
    extras = {"liger": whole["optional-dependencies"]["liger"]}
    assert shipped == {"project": wanted | {"optional-dependencies": extras}}


def test_the_command_starts_the_launcher_that_is_installed(tree):
    [launcher] = re.findall(
        r"^exec /usr/bin/python3 /(\S+) ", (tree / "usr/bin/tunesmith").read_text(), re.MULTILINE
    )
    assert (tree / launcher).is_file()


def test_the_program_knows_its_version_without_being_installed_by_pip(tree):
    code = "import sys; sys.path.insert(0, '.'); from importlib.metadata import version; print(version('tunesmith'))"
    done = subprocess.run(
        [sys.executable, "-I", "-c", code], cwd=tree / SHARE / "tunesmith", capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert done.stdout.strip() == deb.version()


def test_the_package_needs_what_qt_needs_and_no_more_than_python(tree):
    facts = control(tree)
    assert (facts["Package"], facts["Architecture"]) == ("tunesmith", "all")
    depends = set(facts["Depends"].split(", "))
    assert set(qt_libraries.APT_PACKAGES.values()) < depends
    assert depends - set(qt_libraries.APT_PACKAGES.values()) == {
        "python3 (>= 3.11)", "python3-tk", "python3-venv",
    }  # fmt: skip


def test_the_addresses_of_who_publishes_it_come_into_all_that_names_one(tmp_path, monkeypatch):
    monkeypatch.setattr(deb, "MAINTAINER", "Ann <ann@real.example>")
    monkeypatch.setattr(deb, "HOMEPAGE", "https://real.example/tunesmith")
    found = deb.lay_out(tmp_path / "tree")
    assert (control(found)["Maintainer"], control(found)["Homepage"]) == (deb.MAINTAINER, deb.HOMEPAGE)
    [metainfo] = (found / SHARE / "metainfo").iterdir()
    assert ET.parse(metainfo).getroot().findtext("url") == deb.HOMEPAGE
    news = gzip.decompress((found / SHARE / "doc/tunesmith/changelog.Debian.gz").read_bytes()).decode()
    assert f"-- {deb.MAINTAINER}  " in news


@modes
def test_modes_and_checksums_are_right(tree):
    files = [file for file in tree.rglob("*") if file.is_file()]
    runs = {file.relative_to(tree).as_posix() for file in files if file.stat().st_mode & 0o111}
    assert runs == {"usr/bin/tunesmith", "DEBIAN/postinst", "DEBIAN/prerm"}
    # Debian's checks take whatever begins so for a program.
    assert runs == {file.relative_to(tree).as_posix() for file in files if file.read_bytes()[:2] == b"#!"}
    subprocess.run(["md5sum", "--quiet", "--check", "DEBIAN/md5sums"], cwd=tree, check=True)
    listed = (tree / "DEBIAN/md5sums").read_text().splitlines()
    assert len(listed) == sum(file.is_file() for file in (tree / "usr").rglob("*"))


def test_the_desktop_starts_it_with_files_and_knows_its_window(tree, entry):
    main = entry["Desktop Entry"]
    assert (main["Exec"], main["Icon"], main["StartupWMClass"]) == ("tunesmith %F", "tunesmith", "tunesmith")
    assert (tree / SHARE / "icons/hicolor/scalable/apps/tunesmith.svg").is_file()
    assert "Comment[de]" in main


def test_files_that_open_are_of_types_the_desktop_can_tell(tree, entry):
    types = set(entry["Desktop Entry"]["MimeType"].strip(";").split(";"))
    assert {"text/csv", "application/toml", "application/zip", "application/x-ndjson"} <= types
    declared = ET.parse(tree / SHARE / "mime/packages/tunesmith.xml").getroot()
    space = "{http://www.freedesktop.org/standards/shared-mime-info}"
    globs = {glob.get("pattern") for glob in declared.iter(f"{space}glob")}
    assert "*.jsonl" in globs
    assert ".jsonl" in DATA_SUFFIXES
    assert {kind.get("type") for kind in declared.iter(f"{space}mime-type")} <= types


def test_the_man_page_has_every_verb_and_no_markup_of_chance(tree):
    page = gzip.decompress((tree / SHARE / "man/man1/tunesmith.1.gz").read_bytes()).decode()
    _, names = make_parser(add_verbs)
    listed = page.partition(".SH VERBS\n")[2].partition(".SH")[0].replace("\\-", "-")
    heads = re.findall(r"^\.TP\n\.B (\S+)$", listed, re.MULTILINE)
    assert heads == list(names)
    assert "\n.B arena run\n" in listed
    assert {line.split()[0] for line in listed.splitlines() if line.startswith((".", "'"))} == {
        ".TP", ".B", ".BR",
    }  # fmt: skip


def test_texts_are_packed_and_filled_in(tree):
    page = gzip.decompress((tree / SHARE / "man/man1/tunesmith.1.gz").read_bytes()).decode()
    assert "@" not in page
    for name in ("--set-up", "--page", "TUNESMITH_ENVIRONMENT", "TUNESMITH_HOME", "TUNESMITH_TORCH_INDEX"):
        assert name in page.replace("\\-", "-")
    for page_name in PAGES:
        assert page_name in page.replace("\\-", "-")
    documents = tree / SHARE / "doc/tunesmith"
    assert deb.version() in gzip.decompress((documents / "changelog.Debian.gz").read_bytes()).decode()
    assert gzip.decompress((documents / "changelog.gz").read_bytes()) == (ROOT / "CHANGELOG.md").read_bytes()
    assert "Apache-2.0" in (documents / "copyright").read_text()
