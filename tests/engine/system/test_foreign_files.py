import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.system import foreign_files
from engine.system.foreign_files import FileKind


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
    with pytest.raises(OSError, match=r"not a file|directory|device"):
        read(no_file, FileKind.RECIPE)


@pytest.mark.parametrize("mode", ["rb", "r+b", "ab"])
def test_nothing_is_waited_for(tmp_path, mode):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match=r"not a file|device"):
        foreign_files.open_regular(tmp_path / "pipe", mode)


@pytest.mark.parametrize(
    ("size", "reason"), [(5 << 20, "over 4 MB, the limit for a recipe"), (1 << 40, "hardly written at all")]
)
def test_a_file_that_is_too_large_or_all_holes_is_not_read(tmp_path, size, reason):
    path = tmp_path / "recipe.toml"
    with path.open("wb") as stream:
        stream.truncate(size)
    with pytest.raises(OSError, match=reason):
        foreign_files.read_bytes(path, FileKind.RECIPE)


@pytest.mark.parametrize(
    "text",
    [
        ".".join(["a"] * 20_000) + " = 1", "[" + ".".join(['"a"'] * 20_000) + "]",
        "a = " + "[" * 20_000 + "]" * 20_000, "a = " + "{b = " * 5_000 + "1" + "}" * 5_000,
        "a = " + "9" * 5_000, "a = \x00",
    ],
    ids=["long key", "long table", "deep list", "deep tables", "long number", "zero"],
)  # fmt: skip
def test_a_bomb_of_toml_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"\S"):
        foreign_files.parse_toml(text)


@pytest.mark.parametrize(
    "before",
    [
        "",
        "\ufeff",
        '"\\"".',
        "x = {",
        "x = [{",
        'x = {y = """a"""", ',
        "x = {y = '''a''''', ",
        'x = "#"\n',
        " a \t. ",
    ],
)
def test_a_long_key_is_refused_wherever_it_stands(before):
    with pytest.raises(ValueError, match="a key has more than 20 parts"):
        foreign_files.parse_toml(f"{before}{'a.' * 20_000}a = 1")


@pytest.mark.parametrize("text", ['"%s"', "'%s'", '"""\n%s\n"""', "'''%s''''", '"\\"%s" # %s'])
def test_dots_in_a_text_part_no_key(text):
    dots = "a." * 200
    [said] = foreign_files.parse_toml("x = " + text.replace("%s", dots)).values()
    assert dots in said


@pytest.mark.parametrize("text", ["[" * 100_000, "9" * 5_000, '{"a":' * 50_000, "\x00", ""])
def test_a_bomb_of_json_is_a_value_error(text):
    with pytest.raises(ValueError, match=r"\S"):
        foreign_files.parse_json(text)


def test_prose_in_toml_may_have_many_dots():
    text = 'prompt = """\nWell' + " . . ." * 200 + ' a.b = c\n"""\n[data.columns]\nspeaker = "a.b"\n'
    assert foreign_files.parse_toml(text)["data"] == {"columns": {"speaker": "a.b"}}


def test_a_file_of_macos_in_a_cloud_is_no_empty_one(tmp_path, monkeypatch):
    facts = SimpleNamespace(st_size=1 << 30, st_blocks=0, st_flags=0x40000000)
    monkeypatch.setattr(Path, "stat", lambda _: facts)
    assert not foreign_files.is_mostly_empty(tmp_path / "model.safetensors")
    facts.st_flags = 0
    assert foreign_files.is_mostly_empty(tmp_path / "model.safetensors")
