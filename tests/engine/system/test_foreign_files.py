"""Files of others are read as regular files of their kind's size, and a parser's failure is a ValueError."""

from __future__ import annotations

import os
import re

import pytest

from engine.system import foreign_files
from engine.system.foreign_files import FileKind
from tests.helpers.repository import ROOT

MODULE = "engine/system/foreign_files.py"
# What is opened in another way, since nobody else can have written it.
OTHER_WAYS = {
    # The system's own files.
    "engine/system/memory_kills.py", "engine/jobs/exit_status.py", "engine/system/graphics/graphics_cards.py",
    "engine/worker/runtime/devices.py", "engine/system/graphics/torch_build.py", "engine/maintenance/licences.py",
    "engine/system/limited_process.py",
    # Tunesmith's own resources.
    "engine/config/support_matrix.py", "engine/scoring/claim_words.py",
    # Written by this process just before.
    "engine/worker/adapters/attach.py", "engine/worker/jobs/merge.py", "engine/worker/hub/download.py",
    "engine/worker/runtime/spill_file.py", "engine/system/files.py", "engine/worker/dataset/token_cache.py",
}  # fmt: skip
# Readers of conversations and summaries have limits of their own.
READERS = ("engine/worker/readers/", "engine/chats/", "engine/data/", "engine/worker/ingestion/")
READS = re.compile(
    r"\.read_text\(|\.read_bytes\(|\.open\(\"r|\.open\(encoding|\.open\(\)|tomllib\.loads?\(|json\.load\("
)


@pytest.fixture(params=["pipe", "device", "folder", "socket"])
def no_file(request, tmp_path):
    path = tmp_path / "odd"
    if request.param == "pipe":
        os.mkfifo(path)
    elif request.param == "device":
        path.symlink_to("/dev/zero")
    elif request.param == "folder":
        path.mkdir()
    else:
        import socket

        monitor = socket.socket(socket.AF_UNIX)
        monitor.bind(str(path))
        monitor.close()
    return path


@pytest.mark.parametrize("read", [foreign_files.read_text, foreign_files.read_json, foreign_files.read_toml])
def test_what_is_no_regular_file_is_an_error_at_once(no_file, read):
    with pytest.raises(OSError, match=r"no file|directory|device"):
        read(no_file, FileKind.RECIPE)


@pytest.mark.parametrize("mode", ["rb", "r+b", "ab"])
def test_nothing_is_waited_for(tmp_path, mode):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=r"no file|device"):
        foreign_files.open_regular(tmp_path / "pipe", mode)


def test_a_sparse_file_is_read_to_its_kind_s_limit_only(tmp_path):
    path = tmp_path / "recipe.toml"
    with path.open("wb") as stream:
        stream.truncate(1 << 40)
    with pytest.raises(OSError, match=r"larger than a recipe may be, 4 MB"):
        foreign_files.read_bytes(path, FileKind.RECIPE)


def test_a_link_to_a_file_is_followed(tmp_path):
    (tmp_path / "file").write_text('{"a": 1}', encoding="utf-8")
    (tmp_path / "link").symlink_to(tmp_path / "file")
    assert foreign_files.read_json(tmp_path / "link", FileKind.JOB) == {"a": 1}


@pytest.mark.parametrize(
    "text",
    [
        ".".join(["a"] * 20_000) + " = 1",
        "[" + ".".join(['"a"'] * 20_000) + "]",
        "a = " + "[" * 20_000 + "]" * 20_000,
        "a = " + "{b = " * 5_000 + "1" + "}" * 5_000,
        "a = " + "9" * 5_000,
        "a = \x00",
    ],
    ids=["long key", "long table", "deep list", "deep tables", "long number", "zero"],
)
def test_a_bomb_of_toml_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"\S"):
        foreign_files.parse_toml(text)


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5_000, '{"a":' * 50_000, "\x00", ""])
def test_a_bomb_of_json_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"\S"):
        foreign_files.parse_json(text)


@pytest.mark.parametrize(
    ("parse", "text"),
    [(foreign_files.parse_toml, "a = " + "9" * 5_000), (foreign_files.parse_json, "9" * 5_000)],
)
def test_a_number_of_thousands_of_digits_is_told_as_that(parse, text):
    with pytest.raises(ValueError, match="a number in it is too long"):
        parse(text)


def test_prose_in_toml_may_have_many_dots():
    text = 'prompt = """\nWell' + " . . ." * 200 + ' a.b = c\n"""\n[data.columns]\nspeaker = "a.b"\n'
    assert foreign_files.parse_toml(text)["data"] == {"columns": {"speaker": "a.b"}}


def test_line_ends_of_every_kind_are_one(tmp_path):
    (tmp_path / "file").write_bytes(b"a\r\nb\rc\n")
    assert foreign_files.read_text(tmp_path / "file", FileKind.CARD) == "a\nb\nc\n"


def test_files_of_others_are_read_in_no_other_way():
    found = {
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "engine").rglob("*.py")
        if READS.search(path.read_text(encoding="utf-8"))
    }
    others = {name for name in found if not name.startswith(READERS) and name != MODULE}
    assert others == OTHER_WAYS


# What parses a whole file, each with the readers that may call it: those run in a process with limits, or bound what
# they unpack before.
PARSERS = {
    r"zipfile\.ZipFile\(": {
        "engine/worker/readers/archives.py", "engine/worker/readers/content.py",
        "engine/worker/readers/conversations/documents.py",
        "engine/worker/readers/tabular/workbook.py", "engine/worker/readers/tabular/old_workbook.py",
    },
    r"sqlite3\.connect\(": {"engine/worker/readers/tabular/databases.py"},
    r"load_workbook\(": {"engine/worker/readers/tabular/workbook.py"},
    r"CalamineWorkbook\.from_path\(": {"engine/worker/readers/tabular/old_workbook.py"},
    r"PdfReader\(|docx\.Document\(": {"engine/worker/readers/conversations/documents.py"},
    r"ParquetFile\(|pa\.OSFile\(": {"engine/worker/readers/tabular/columnar.py"},
    r"mmap\.mmap\(\w+\.fileno": {"engine/worker/readers/conversations/mail_files.py"},
}  # fmt: skip


@pytest.mark.parametrize("parser", PARSERS)
def test_readers_of_conversations_parse_whole_files_in_known_places(parser):
    found = {
        name
        for path in (ROOT / "engine").rglob("*.py")
        if (name := path.relative_to(ROOT).as_posix()).startswith(READERS)
        and re.search(parser, path.read_text(encoding="utf-8"))
    }
    assert found == PARSERS[parser]


def test_formats_that_a_library_reads_are_read_apart():
    table = (ROOT / "engine/worker/readers/__init__.py").read_text(encoding="utf-8")
    for module in ("columnar", "workbook", "old_workbook", "documents", "databases"):
        assert re.search(rf"read_apart\({module}\.read\w*, path", table), module
        assert not re.search(rf"return {module}\.read", table), module
