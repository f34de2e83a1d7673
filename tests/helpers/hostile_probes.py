"""Probes: each kind of file that others may have written, with each kind of trouble, read by the command line.

A probe ends with a result, or with an error that says what is wrong: `outcome` tells which.
"""

import json
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from engine.adapters import library
from engine.system.paths import adapters_folder, runs_folder
from tests.helpers.bombs import BOMBS
from tests.helpers.command_line import Finished, InProcessTerminal
from tests.helpers.homes import add_adapter, add_run, make_recipe, write_peft_files
from tests.helpers.mutated_files import seeds
from tests.helpers.tiny_models import tiny_model
from tests.helpers.worst_texts import PIECES

RESULT, NAMED, OTHER = "result", "named error", "other"
# What the worker says of an error that nobody foresaw.
UNFORESEEN = ("Unexpected:", "Traceback")
ESCAPES = "\x1b]0;title\x07\x1b[2J\x1b[31mred\u202etxt.exe\u2066\x00\r"
RECIPE = """schema = 1
[base_model]
id = "starter"
[data]
source = "sample"
[method]
id = "lora"
"""


@dataclass(frozen=True)
class Kind:
    """A kind of file: `make` lays a sound one out below a folder and returns it, `command` reads it."""

    name: str
    make: Callable[[Path], Path]
    command: Callable[[Path], tuple[str, ...]]


def _replaced(change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def trouble(path: Path) -> None:
        path.write_bytes(change(path.read_bytes()))

    return trouble


def _instead(make: Callable[[Path], object]) -> Callable[[Path], None]:
    def trouble(path: Path) -> None:
        path.unlink()
        make(path)

    return trouble


def _sparse(path: Path) -> None:
    with path.open("r+b") as stream:
        stream.truncate(1 << 32)


def _values(value: object) -> Callable[[bytes], bytes]:
    """Return what gives all keys of a JSON object, or of each line of JSON, another value."""

    def change(content: bytes) -> bytes:
        try:
            whole = content.startswith(b"{\n")
            lines = [json.loads(content)] if whole else [json.loads(line) for line in content.splitlines()]
        except ValueError:
            lines = [{"a": 1}]
        return b"\n".join(
            json.dumps(dict.fromkeys(line, value) if isinstance(line, dict) else value).encode()
            for line in lines
        )

    return change


TROUBLES: dict[str, Callable[[Path], None]] = {
    "sound": lambda _path: None,
    "missing": Path.unlink,
    "empty": _replaced(lambda _content: b""),
    "a folder": _instead(Path.mkdir),
    "a pipe": _instead(os.mkfifo),
    "a device without an end": _instead(lambda path: path.symlink_to("/dev/zero")),
    "a link to nothing": _instead(lambda path: path.symlink_to(path.with_name("nothing"))),
    "a link to itself": _instead(lambda path: path.symlink_to(path)),
    "a file of this computer": _instead(lambda path: path.symlink_to("/etc/passwd")),
    "4 GB of nothing": _sparse,
    "zeros": _replaced(lambda content: bytes(max(4096, len(content)))),
    "broken off": _replaced(lambda content: content[: len(content) // 2]),
    "twice": _replaced(lambda content: content * 2),
    "backwards": _replaced(lambda content: content[::-1]),
    "zeros in it": _replaced(lambda content: content[: len(content) // 2] + bytes(2048) + content[len(content) // 2 :]),
    "no UTF-8": _replaced(lambda content: content.replace(b"e", b"\xff\xfe\xe9")),
    "UTF-16": _replaced(lambda content: content.decode("utf-8", "replace").encode("utf-16")),
    "a mark at its beginning": _replaced(lambda content: b"\xef\xbb\xbf" + content),
    "line ends of old": _replaced(lambda content: content.replace(b"\n", b"\r")),
    "escape sequences": _replaced(lambda content: content.replace(b"a", ESCAPES.encode())),
    "escaped escape sequences": _replaced(lambda content: content.replace(b"a", b"\\u001b]0;t\\u0007\\u202e")),
    "lists without an end": _replaced(lambda _content: b"[" * 200_000),
    "objects without an end": _replaced(lambda _content: b'{"a":' * 100_000),
    "tables without an end": _replaced(lambda _content: b"a = " + b"{b = " * 20_000),
    "a key without an end": _replaced(lambda _content: b".".join([b"a"] * 50_000) + b" = 1"),
    "a number of 100,000 digits": _replaced(lambda _content: b'{"a": ' + b"9" * 100_000 + b"}"),
    "numbers for values": _replaced(_values(1e308)),
    "lists for values": _replaced(_values([[[]]])),
    "nothing for values": _replaced(_values(None)),
    "negative values": _replaced(_values(-(10**12))),
    "long values": _replaced(_values("x" * 300_000)),
    "a line of 5 MB": _replaced(lambda _content: b"a " * 2_500_000),
    "a million lines": _replaced(lambda _content: b"a\n" * 1_000_000),
    "the head of a zip": _replaced(lambda content: b"PK\x03\x04" + content),
    "markup": _replaced(lambda content: content.replace(b" ", b"<script>alert(1)</script><img src=x onerror=y>")),
    "a formula": _replaced(lambda content: content.replace(b"Ann", b"=cmd|' /C calc'!A0")),
}  # fmt: skip


def _data(name: str, content: bytes) -> Kind:
    def make(folder: Path) -> Path:
        path = folder / name
        path.write_bytes(content)
        return path

    return Kind(f"data {name}", make, lambda path: ("data", str(path)))


def _adapter(name: str) -> Kind:
    """Return the kind of a file in an adapter that is imported."""

    def make(folder: Path) -> Path:
        own = add_adapter("theirs", recipe=make_recipe(base="starter"))
        theirs = Path(shutil.move(own.folder, folder / "theirs"))
        return theirs / name

    return Kind(f"imported {name}", make, lambda path: ("adapters", "import", str(path.parent)))


def _foreign_adapter(name: str) -> Kind:
    """Return the kind of a file in an adapter of another program."""

    def make(folder: Path) -> Path:
        write_peft_files(folder, "starter")
        return folder / name

    return Kind(f"foreign {name}", make, lambda path: ("adapters", "import", str(path.parent)))


def _owned(name: str) -> Kind:
    """Return the kind of a file in an adapter of the library, of which another one is sound."""

    def make(_folder: Path) -> Path:
        number = len(list(adapters_folder().iterdir()))
        add_adapter(f"sound-{number}", recipe=make_recipe(base="starter"))
        return add_adapter(f"damaged-{number}", recipe=make_recipe(base="starter")).folder / name

    return Kind(f"library {name}", make, lambda _path: ("adapters", "list"))


def _run(name: str, *command: str) -> Kind:
    """Return the kind of a file in a run, beside one that is sound."""

    def make(_folder: Path) -> Path:
        add_run(make_recipe(name="Sound", base="starter"))
        return add_run(make_recipe(name="Damaged", base="starter")).folder / name

    return Kind(f"{' '.join(command)} {name}", make, lambda _path: command)


def _recipe(folder: Path) -> Path:
    path = folder / "recipe.toml"
    path.write_text(RECIPE, encoding="utf-8")
    return path


def _base(name: str) -> Kind:
    """Return the kind of a file of a base model that a recipe names."""

    def make(folder: Path) -> Path:
        model = Path(shutil.copytree(tiny_model("llama"), folder / "model"))
        (folder / "recipe.toml").write_text(
            RECIPE.replace('"starter"', json.dumps(str(model))), encoding="utf-8"
        )
        (model / "chat_template.jinja").write_text("{{ messages[0].content }}", encoding="utf-8")
        return model / name

    return Kind(f"base {name}", make, lambda path: ("plan", str(path.parent.parent / "recipe.toml")))


@cache
def kinds() -> tuple[Kind, ...]:
    return (
        *(_data(name, content) for name, content in seeds().items()),
        *(_adapter(name) for name in ("adapter.toml", library.CONFIG_NAME, library.WEIGHTS_NAME)),
        *(_foreign_adapter(name) for name in (library.CONFIG_NAME, library.WEIGHTS_NAME)),
        *(_owned(name) for name in ("adapter.toml", library.CONFIG_NAME, library.WEIGHTS_NAME)),
        *(_run(name, "runs") for name in ("events.jsonl", "recipe.toml", "job.json")),
        Kind("recipe", _recipe, lambda path: ("plan", str(path))),
        *(
            _base(name)
            for name in (
                "config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json",
                "model.safetensors", "chat_template.jinja",
            )
        ),
    )  # fmt: skip


@dataclass(frozen=True)
class Probe:
    """A file with trouble: `lay` makes it below an empty folder and returns the command that reads it."""

    name: str
    lay: Callable[[Path], tuple[str, ...]]


def with_trouble(kind: Kind, trouble: str) -> Probe:
    def lay(folder: Path) -> tuple[str, ...]:
        path = kind.make(folder)
        TROUBLES[trouble](path)
        return kind.command(path)

    return Probe(f"{kind.name}: {trouble}", lay)


def _bomb(name: str) -> Probe:
    def lay(folder: Path) -> tuple[str, ...]:
        (folder / name).write_bytes(BOMBS[name]())
        return "data", str(folder / name)

    return Probe(f"a bomb: {name}", lay)


def _text(suffix: str, piece: str, length: int) -> Probe:
    def lay(folder: Path) -> tuple[str, ...]:
        path = folder / f"theirs{suffix}"
        path.write_text(piece * (length // len(piece)), encoding="utf-8", newline="")
        return "data", str(path)

    return Probe(f"{suffix}: {piece!r} repeated", lay)


def troubled() -> Iterator[Probe]:
    """Yield each kind of file with each trouble."""
    yield from (with_trouble(kind, trouble) for trouble in TROUBLES for kind in kinds())


def bombs() -> Iterator[Probe]:
    """Yield the files that stand for far more than they hold."""
    yield from map(_bomb, BOMBS)


def texts(length: int) -> Iterator[Probe]:
    """Yield text files of so many characters of what patterns are slow on."""
    suffixes = (
        ".txt", ".csv", ".tsv", ".json", ".jsonl", ".html", ".eml", ".mbox", ".srt", ".vtt", ".md", ".log",
    )  # fmt: skip
    yield from (_text(suffix, piece, length) for piece in PIECES for suffix in suffixes)


def fill_home(folder: Path) -> int:
    """Put an adapter and a run with each trouble in each of their files into the home; return how many there are."""
    count = 0
    for kind in kinds():
        for trouble in TROUBLES.values():
            if kind.name.startswith(("library", "runs")):
                trouble(kind.make(folder))
                count += 1
    return count


def outcome(probe: Probe, home: Path, folder: Path) -> str:
    """Lay a probe out in an empty folder, read it, remove it, and return how it ended, with its words."""
    try:
        return read(home, laid_out(probe, folder))
    finally:
        remove(folder)


def laid_out(probe: Probe, folder: Path) -> tuple[str, ...]:
    """Make a probe's files in a new folder and the home; return the command that reads them."""
    folder.mkdir()
    return probe.lay(folder)


def laid_out_by_name(name: str, text_length: int, folder: Path) -> tuple[str, ...]:
    """Do so with the probe of a name, as another process can be told."""
    [probe] = [each for each in (*troubled(), *bombs(), *texts(text_length)) if each.name == name]
    return laid_out(probe, folder)


def remove(folder: Path) -> None:
    for each in (folder, runs_folder(), adapters_folder()):
        shutil.rmtree(each, ignore_errors=True)


def read(home: Path, command: tuple[str, ...]) -> str:
    """Carry a command out and return how it ended, with its words."""
    return _told(InProcessTerminal(home).run(*command))


def said(home: Path, command: tuple[str, ...]) -> str:
    return InProcessTerminal(home).run(*command).out


def _told(finished: Finished) -> str:
    said = f"{finished.out} {finished.err}"
    words = " ".join(said.split())[-300:]
    if any(word in said for word in UNFORESEEN):
        return f"{OTHER}: {words}"
    if finished.code == 0:
        return RESULT
    return f"{NAMED if words else OTHER}: {words}"
