"""Untrusted files: valid adapters, recipes, checkpoints, events and zips, and random or malicious changes of them.

`UntrustedFiles` reads one after another as the product does, and returns the result of each.
"""

from __future__ import annotations

import io
import json
import random
import shutil
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from engine.adapters import library
from engine.adapters import metadata as adapter_toml
from engine.config import recipe as recipes
from engine.errors import AppError
from engine.jobs.events import EventReader
from engine.jobs.job import Job
from engine.runs import run_store
from engine.runs.run_summaries import read_entry
from engine.system.paths import runs_folder
from engine.worker.adapters import attach
from engine.worker.training.saving import checkpoints
from tests.helpers.homes import add_checkpoint, add_run
from tests.helpers.mutated_files import mutated
from tests.helpers.tiny_models import Kind
from tests.helpers.worker_setup import attach_random, install_random, load_tiny, make_recipe

METHODS: tuple[tuple[Kind, str], ...] = (
    ("t5", "lora"),
    ("t5", "prefix_tuning"),
    ("llama", "vera"),
    ("llama", "layers"),
    ("llama", "adalora"),
)
KINDS = ("adapter", "zip", "recipe", "checkpoint", "events")
Files = dict[str, bytes]
ODD: tuple[Any, ...] = (
    None, True, -1, 0, 10**6, 10**12, 10**400, 1e308, float("nan"), "", "x" * 10_000, "../../escape", "/etc/passwd",
    "all-linear", "(a+)+$", ".*" * 40 + "x", [], ["../x"], ["lm_head"], {}, {"a": {"b": []}}, {".*": 10**9}, "pissa",
    [[0, 10**6]], "LORA", "PREFIX_TUNING", "XLORA", "\0", "\ud800",
)  # fmt: skip
KEYS = (
    "r", "peft_type", "target_modules", "exclude_modules", "modules_to_save", "rank_pattern", "init_lora_weights",
    "layer_replication", "auto_mapping", "num_virtual_tokens", "token_dim", "num_layers", "bias", "task_type",
    "use_dora", "layers_to_transform", "layers_pattern", "trainable_token_indices", "target_parameters",
    "megatron_core", "fan_in_fan_out", "init_r", "last_blocks", "selection", "projection_prng_key",
)  # fmt: skip
MEMBERS = (
    "../escape",
    "/tmp/escape",
    "a/../../escape",
    "..\\escape",
    "C:\\escape",
    "x" * 300,
    "adapter.toml",
    "\0",
)


@dataclass(frozen=True)
class End:
    """The result of reading a file: "loaded", or "refused" with the message."""

    what: str
    words: str = ""


def seeds(folder: Path) -> dict[str, list[Files]]:
    """Return valid files of every kind, each as a folder's files by name."""
    installed = [install_random(kind, f"{kind}-{name}", method=_method(name)) for kind, name in METHODS]
    sound = [_files_of(adapter.folder) for adapter in installed]
    corrupted = [{name: each[name] for name in (library.CONFIG_NAME, library.WEIGHTS_NAME)} for each in sound]
    run = add_run()
    checkpoint = add_checkpoint(run, 20)
    checkpoints.save_trainable(attach_random(load_tiny("t5"), make_recipe("t5")), checkpoint)
    (checkpoint / checkpoints.STATE_NAME).write_text("{}", encoding="utf-8")
    sums = json.dumps(adapter_toml.checksums(checkpoint))
    (checkpoint / checkpoints.CHECKSUMS_NAME).write_text(sums, encoding="utf-8")
    found = {
        "adapter": [*sound, *corrupted],
        "zip": [{"adapter.zip": _zipped(each)} for each in (*sound, *corrupted)],
        "recipe": [{"recipe.toml": run.recipe_path.read_bytes()}],
        "checkpoint": [_files_of(checkpoint)],
        "events": [
            {"events.jsonl": run.events_path.read_bytes(), "recipe.toml": run.recipe_path.read_bytes()}
        ],
    }
    for adapter in installed:
        shutil.rmtree(adapter.folder)
    shutil.rmtree(run.folder)
    return found


def _method(name: str) -> dict[str, Any]:
    sizes = {"prefix_tuning": {"virtual_tokens": 4}, "layers": {"last_blocks": 1}}
    return {"id": name, **sizes.get(name, {"rank": 4})}


def _files_of(folder: Path) -> Files:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()}


def _zipped(files: Files) -> bytes:
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, content in files.items():
            archive.writestr(f"top/{name}", content)
    return sink.getvalue()


def corrupted(files: Files, draw: random.Random) -> Files:
    """Return a folder's files after random or malicious changes."""
    changed = dict(files)
    for _ in range(draw.randint(1, 3)):
        name = draw.choice(sorted(changed))
        ways = [mutated, _MALICIOUS.get(Path(name).suffix, mutated)]
        changed[name] = draw.choice(ways)(changed[name], draw)
    if draw.random() < 0.05 and len(changed) > 1:
        del changed[draw.choice(sorted(changed))]
    return changed


def _json(content: bytes, draw: random.Random) -> bytes:
    """Replace a value in a JSON file, or in a line of JSON."""
    lines = content.splitlines() or [b""]
    whole = content.startswith(b"{\n") or len(lines) == 1
    at = 0 if whole else draw.randrange(len(lines))
    try:
        parsed = json.loads(content if whole else lines[at])
    except ValueError:
        return content
    if not isinstance(parsed, dict):
        return content
    key = draw.choice([*map(str, parsed), *(KEYS if whole else ())] or ["x"])
    parsed[key] = draw.choice(ODD)
    said = json.dumps(parsed).encode()
    return said if whole else b"\n".join([*lines[:at], said, *lines[at + 1 :]]) + b"\n"


def _tensors(content: bytes, draw: random.Random) -> bytes:
    """Change an entry in the header of a safetensors file."""
    length = int.from_bytes(content[:8], "little")
    try:
        head = json.loads(content[8 : 8 + length])
        name = draw.choice(sorted(head))
        entry = dict(head[name])
    except (ValueError, IndexError, TypeError, AttributeError):
        return content
    match draw.randrange(5):
        case 0:
            head[draw.choice(("base_model.model.shared.weight", "base_model.model.lm_head.weight", ""))] = (
                entry
            )
        case 1:
            head[name] = entry | {"shape": draw.choice(([10**6, 10**6], [-1], [0], [], "x", [1.5], [10**30]))}
        case 2:
            head[name] = entry | {"data_offsets": draw.choice(([0, 10**12], [5, 3], [0], None, [-8, 8]))}
        case 3:
            head[name] = entry | {"dtype": draw.choice(("F64", "F4", "", None, "I8", 3))}
        case _:
            head.pop(name)
    said = json.dumps(head).encode()
    return len(said).to_bytes(8, "little") + said + content[8 + length :]


def _archive(content: bytes, draw: random.Random) -> bytes:
    """Add a member to a zip: outside its folder, a link, a zip bomb, or a duplicate."""
    sink = io.BytesIO(content)
    try:
        with zipfile.ZipFile(sink, "a", zipfile.ZIP_DEFLATED) as archive:
            member = zipfile.ZipInfo(draw.choice((*MEMBERS, *archive.namelist())))
            member.compress_type = zipfile.ZIP_DEFLATED
            if draw.random() < 0.3:
                member.external_attr = 0o120777 << 16
            archive.writestr(member, draw.choice((b"/etc/passwd", bytes(1 << 20), b"{}")))
    except (
        zipfile.BadZipFile,
        ValueError,
        OSError,
        EOFError,
        LookupError,
        NotImplementedError,
        struct.error,
    ):
        return content
    return sink.getvalue()


def _toml(content: bytes, draw: random.Random) -> bytes:
    """Give a key of a TOML file another value."""
    lines = content.decode("utf-8", "replace").splitlines() or [""]
    at = draw.randrange(len(lines))
    odd = (
        "[" * 5000,
        "1e999",
        '"../../x"',
        "inf",
        "[]",
        "{}",
        '"' + "x" * 5000 + '"',
        "-1",
        "99999999999999999999",
    )
    lines[at] = f"{lines[at].partition('=')[0]} = {draw.choice(odd)}"
    return "\n".join(lines).encode()


_MALICIOUS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    ".json": _json, ".jsonl": _json, ".safetensors": _tensors, ".zip": _archive, ".toml": _toml,
}  # fmt: skip


class UntrustedFiles:
    """Reads untrusted files beside tiny base models, which must not change."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._bases = {kind: load_tiny(kind) for kind in ("t5", "llama")}
        self._before = {kind: _state(base.model) for kind, base in self._bases.items()}
        self._trained = attach_random(load_tiny("t5"), make_recipe("t5"))

    def read(self, kind: str, files: Files, number: int) -> End:
        """Read files by their kind; raises unless the error is an AppError, and if a base model changed."""
        folder = self._home / "arrived" / f"{number}"
        folder.mkdir(parents=True)
        for name, content in files.items():
            (folder / name).write_bytes(content)
        try:
            getattr(self, f"_{kind}")(folder)
        except AppError as error:
            return End("refused" if error.message else "refused without a message", error.message)
        finally:
            self._require_same_bases()
            shutil.rmtree(folder, ignore_errors=True)
        return End("loaded")

    def _require_same_bases(self) -> None:
        for kind, base in self._bases.items():
            now = _state(base.model)
            same = now.keys() == self._before[kind].keys() and all(
                torch.equal(now[name], was) for name, was in self._before[kind].items()
            )
            assert same, f"the base model {kind} changed"

    def _adapter(self, folder: Path) -> None:
        self._use(library.import_adapter(folder))

    def _zip(self, folder: Path) -> None:
        self._use(library.import_adapter(folder / "adapter.zip"))

    def _use(self, adapter: library.Adapter) -> None:
        """List an adapter in the library, attach it to a base model and detach it again."""
        try:
            found, unreadable = library.scan()
            assert [each.id for each in found] == [adapter.id], unreadable
            assert adapter.changed_files() == []
            _ = adapter.size_bytes, adapter.unmergeable, adapter.is_prompt
            if not (adapter.folder / library.WEIGHTS_NAME).exists():
                return
            layers = library.weight_shapes(adapter.folder / library.WEIGHTS_NAME)
            config = (adapter.folder / library.CONFIG_NAME).read_text(encoding="utf-8")
            base = self._bases["llama" if any("layers" in name for name in layers) else "t5"]
            model = attach.load_adapter(base, adapter)
            attach.detach(model)
            assert config
        finally:
            shutil.rmtree(adapter.folder)

    def _recipe(self, folder: Path) -> None:
        recipes.dumps(recipes.load(folder / "recipe.toml"))

    def _checkpoint(self, folder: Path) -> None:
        """Check it, promote it, and load it as if its checksums had been renewed."""
        checkpoints.damage(folder)
        library.delete(library.promote(folder, "step"))
        checkpoints.read_state(folder)
        checkpoints.load_trainable(self._trained, folder)

    def _events(self, folder: Path) -> None:
        place = shutil.copytree(folder, runs_folder() / folder.name)
        (place / "job.json").write_text("{}", encoding="utf-8")
        try:
            job = Job(place)
            EventReader(job.events_path).read()
            read_entry(job)
            run_store.open_run(job)
        finally:
            shutil.rmtree(place)


def _state(model: Any) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.state_dict().items()}
