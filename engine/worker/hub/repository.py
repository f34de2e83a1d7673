"""Repositories of the Hub: download cost, download, and the cache on this computer.

Knows nothing of loading models or reading rows, and needs no torch. Only weights in the safetensors format and plain
data files are downloaded; none can run code. A cached model or data set is used without a request. The reference to a
revision is written last, so an incomplete repository is never taken for a complete one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Any

from huggingface_hub import (
    HfApi,
    constants,
    get_hf_file_metadata,
    hf_hub_download,
    hf_hub_url,
    scan_cache_dir,
    try_to_load_from_cache,
)
from huggingface_hub.errors import CacheNotFound

from engine.adapters import hub_adapters
from engine.adapters.import_checks import CONFIG_NAME, KINDS, WEIGHTS_NAME
from engine.adapters.metadata import FILE_NAME
from engine.config import model_info
from engine.errors import AdapterError, BaseModelError, DataError, disk_errors
from engine.messages import say
from engine.methods import Family
from engine.system import hub_cache
from engine.system.connection import hub_address, offline, require_hub
from engine.system.files import bytes_in, delete, require_space, write_atomically
from engine.system.hub_cache import is_complete_model
from engine.worker.hub.download import TIMEOUT_SECONDS, fetch
from engine.worker.hub.hub_errors import FIELDS, DamagedError, Kind, explained
from engine.worker.hub.repository_card import licence
from engine.worker.readers import DESCRIPTIONS, SUFFIXES
from engine.worker.runtime.channel import Stopped

CONFIG = "config.json"
WEIGHTS = re.compile(r"model(-\d+-of-\d+)?\.safetensors")
# A model's other files: configuration, tokenizer, card and licence.
MODEL_FILES = re.compile(
    r"(config|generation_config|model\.safetensors\.index|tokenizer|tokenizer_config|special_tokens_map"
    r"|added_tokens|vocab)\.json|merges\.txt|vocab\.txt|chat_template\.(jinja|json)|.*\.model|README\.md|LICEN[CS]E.*"
)
ADAPTER_FILES = tuple(KINDS)
# Weights that can run code when they are loaded.
PICKLES = (".bin", ".pt", ".pth", ".pkl", ".ckpt")
DATA_FILES = re.compile(
    rf"(?:[^.].*/)?(?:[^.].*(?:{'|'.join(map(re.escape, SUFFIXES))})(?:\.gz)?|README\.md)"
)


@dataclass(frozen=True)
class RemoteFile:
    """A file of a repository that would be downloaded."""

    name: str
    size_bytes: int


@dataclass(frozen=True)
class Cost:
    """The files of a repository; `missing_bytes` are not on this computer yet."""

    id: str
    commit: str
    files: tuple[RemoteFile, ...]
    missing_bytes: int
    licence: str
    gated: bool

    @property
    def size_bytes(self) -> int:
        """The size of all files."""
        return sum(file.size_bytes for file in self.files)


@dataclass(frozen=True)
class CachedModel:
    """A complete model on this computer; `family` is None if it generates no text."""

    id: str
    revision: str
    family: Family | None
    size_bytes: int
    licence: str
    folder: Path


def cost(repo_id: str, revision: str, kind: Kind) -> Cost:
    """Return what `download` would fetch. Raises OfflineError, BaseModelError, DataError or AdapterError."""
    require_hub(FIELDS[kind])
    with explained(repo_id, revision, kind):
        api = HfApi(endpoint=hub_address())
        get_info = api.dataset_info if kind == "dataset" else api.model_info
        info = get_info(repo_id, revision=revision, files_metadata=True, timeout=TIMEOUT_SECONDS)
    commit = info.sha or ""
    siblings = info.siblings or ()
    files = tuple(
        RemoteFile(file.rfilename, file.size or 0) for file in siblings if _is_wanted(file.rfilename, kind)
    )
    missing = sum(file.size_bytes for file in files if not _is_cached(repo_id, commit, kind, file.name))
    names = [file.rfilename for file in siblings]
    if kind == "dataset":
        _refuse_script(repo_id, names)
    if kind == "adapter":
        _refuse_no_adapter(repo_id, names)
        files = tuple(sorted(files, key=lambda file: ADAPTER_FILES.index(file.name)))
    _refuse_useless(repo_id, kind, files)
    return Cost(
        repo_id,
        commit,
        files,
        missing,
        licence=str(getattr(info.card_data, "license", None) or ""),
        gated=bool(info.gated),
    )


def download(
    repo_id: str,
    revision: str,
    kind: Kind,
    on_progress: Callable[[int, int, str], None],
    cancelled: Callable[[], bool],
) -> Path:
    """Return the folder of a repository, downloaded if it is not cached; `on_progress(done, total, "bytes")`.

    Raises Stopped when cancelled, OfflineError, BaseModelError, DataError or AdapterError, StorageError. Partial files
    stay after a cancel or an error, and the next call completes them.
    """
    cached = cached_folder(repo_id, revision, kind)
    # An adapter is fetched to be kept as it is now; a run stays with the model and the data that it began with.
    if cached and (kind != "adapter" or offline()):
        return cached
    wanted = cost(repo_id, revision, kind)
    folder = _cache()
    folder.mkdir(parents=True, exist_ok=True)
    hint = "Delete models you no longer use, or set HF_HOME to a larger disk."
    require_space(folder, wanted.missing_bytes, "The download", hint)
    done = 0

    def on_bytes(count: int) -> None:
        on_progress(done + count, wanted.size_bytes, "bytes")

    with explained(repo_id, revision, kind):
        for file in wanted.files:
            if cancelled():
                raise Stopped
            _fetch_file(wanted, file, kind, on_bytes, cancelled)
            on_bytes(file.size_bytes)
            done += file.size_bytes
        if revision != wanted.commit:
            # Which commit the revision is; with that the repository counts as cached.
            reference = _folder(wanted.id, kind) / "refs" / revision
            reference.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(reference, wanted.commit, shared=True)
    return _snapshot(wanted, kind)


def fetch_config(repo_id: str, revision: str, cancelled: Callable[[], bool]) -> Path:
    """Return a folder that holds a model's configuration, downloaded without the weights if it is not cached.

    Raises what `download` raises, but checks no disk space.
    """
    return _fetch_part(repo_id, revision, lambda name: name == CONFIG, cancelled)


def fetch_tokenizer(repo_id: str, revision: str, cancelled: Callable[[], bool]) -> Path:
    """Return a folder that holds all of a model but its weights, downloaded if it is not cached.

    Raises what `download` raises, but checks no disk space.
    """
    return _fetch_part(repo_id, revision, lambda name: not WEIGHTS.fullmatch(name), cancelled)


def _fetch_part(
    repo_id: str, revision: str, is_part: Callable[[str], bool], cancelled: Callable[[], bool]
) -> Path:
    cached = cached_folder(repo_id, revision)
    if cached:
        return cached
    wanted = cost(repo_id, revision, "model")
    with explained(repo_id, revision, "model"):
        for file in wanted.files:
            if is_part(file.name):
                _fetch_file(wanted, file, "model", lambda _: None, cancelled)
    return _snapshot(wanted, "model")


def cached_folder(repo_id: str, revision: str = "main", kind: Kind = "model") -> Path | None:
    """Return the folder of a repository that is complete on this computer, or None. Opens no connection."""
    folder = hub_cache.cached_folder(repo_id, revision, _type(kind), _cache())
    return folder if folder is not None and _IS_COMPLETE[kind](folder) else None


def cached_models() -> list[CachedModel]:
    """Return the complete models on this computer, sorted by name."""
    try:
        repositories = scan_cache_dir(_cache()).repos
    except CacheNotFound:
        return []
    models = [
        CachedModel(
            repository.repo_id,
            min(revision.refs, default=revision.commit_hash),
            model_info.text_family(revision.snapshot_path),
            revision.size_on_disk,
            licence(revision.snapshot_path),
            revision.snapshot_path,
        )
        for repository in repositories
        if repository.repo_type == "model"
        for revision in repository.revisions
        if is_complete_model(revision.snapshot_path)
    ]
    return sorted(models, key=lambda model: (model.id.lower(), model.revision))


def delete_cached(repo_id: str, kind: Kind = "model") -> int:
    """Delete every revision of a repository from this computer; return the number of bytes freed."""
    folder = _folder(repo_id, kind)
    freed = bytes_in(folder)
    with disk_errors("{} can't be deleted: {}.", folder, hint="Check the folder's permissions."):
        delete(folder)
    return freed


def _cache() -> Path:
    return Path(constants.HF_HUB_CACHE)


def _type(kind: Kind) -> hub_cache.Kind:
    """Return as what the Hub keeps a kind of repository: adapters are models to it."""
    return "dataset" if kind == "dataset" else "model"


def _folder(repo_id: str, kind: Kind) -> Path:
    return hub_cache.repository_folder(_cache(), repo_id, _type(kind))


def _is_wanted(name: str, kind: Kind) -> bool:
    if kind == "adapter":
        return name in ADAPTER_FILES
    if kind == "dataset":
        return DATA_FILES.fullmatch(name) is not None
    return bool(WEIGHTS.fullmatch(name) or MODEL_FILES.fullmatch(name))


def _is_cached(repo_id: str, commit: str, kind: Kind, name: str) -> bool:
    path = try_to_load_from_cache(repo_id, name, cache_dir=_cache(), revision=commit, repo_type=_type(kind))
    return isinstance(path, str)


def _refuse_script(repo_id: str, names: list[str]) -> None:
    """Raise for a data set that is made by a script: one of the data set's name, or any where no data files are."""
    data = any(_holds_rows(name) for name in names)
    scripts = [name for name in names if name.endswith(".py") and "/" not in name]
    custom = f"{repo_id.rpartition('/')[2]}.py"
    script = custom if custom in scripts else next(iter(() if data else scripts), "")
    if script:
        raise DataError(
            say("{} is built by a script, {}, which Tunesmith doesn't run.", repo_id, script),
            "Choose a data set of plain files.",
            FIELDS["dataset"],
        )


def _holds_rows(name: str) -> bool:
    return _is_wanted(name, "dataset") and name != "README.md" and name.rpartition("/")[2] not in DESCRIPTIONS


def _refuse_no_adapter(repo_id: str, names: Collection[str]) -> None:
    """Raise AdapterError unless a repository's files are an adapter's, with weights in the safetensors format."""
    field, below = FIELDS["adapter"], sorted(name for name in names if name.endswith(f"/{CONFIG_NAME}"))
    if CONFIG_NAME not in names:
        if FILE_NAME in names:
            # A prompt without weights.
            return
        hint = "Choose the repository of a PEFT adapter."
        if "config.json" in names:
            hint = "It is a model; use it as a base model."
        elif below:
            hint = say(
                "It contains adapters in folders, such as {}. Download one and import its folder.", below[0]
            )
        raise AdapterError(say("{} is not an adapter: it has no {}.", repo_id, CONFIG_NAME), hint, field)
    if WEIGHTS_NAME not in names:
        pickles = [name for name in names if name.startswith("adapter_model.") and name.endswith(PICKLES)]
        message = say("{} contains no {}.", repo_id, WEIGHTS_NAME)
        if pickles:
            message = say("The weights of {} are in {}, not in {}.", repo_id, pickles[0], WEIGHTS_NAME)
        hint = "Only safetensors files are accepted; others can run code."
        raise AdapterError(message, hint, field)


def _refuse_useless(repo_id: str, kind: Kind, files: tuple[RemoteFile, ...]) -> None:
    """Raise unless the files hold rows, or weights in the safetensors format."""
    names = [file.name for file in files]
    if kind == "dataset" and not any(map(_holds_rows, names)):
        raise DataError(
            say("{} contains no data files.", repo_id),
            "Supported: csv, json, parquet and arrow.",
            FIELDS[kind],
        )
    if kind == "model" and not any(WEIGHTS.fullmatch(name) for name in names):
        raise BaseModelError(
            say("{} contains no safetensors weights.", repo_id),
            "Older formats can run code. Choose another base model.",
            FIELDS[kind],
        )


def _fetch_file(
    wanted: Cost, file: RemoteFile, kind: Kind, on_bytes: Callable[[int], None], cancelled: Callable[[], bool]
) -> None:
    """Download one file into the shared cache of huggingface_hub."""
    if _is_cached(wanted.id, wanted.commit, kind, file.name):
        return
    origin: dict[str, Any] = {"repo_type": _type(kind), "revision": wanted.commit, "endpoint": hub_address()}
    url = hf_hub_url(wanted.id, file.name, **origin)
    facts = get_hf_file_metadata(url, timeout=TIMEOUT_SECONDS)
    # It names a file of the cache.
    if not facts.etag or PurePath(facts.etag).name != facts.etag:
        raise DamagedError
    blob = _folder(wanted.id, kind) / "blobs" / facts.etag
    if not blob.exists():
        fetch(url, blob, facts.size or file.size_bytes, facts.etag, on_bytes, cancelled)
    hf_hub_download(wanted.id, file.name, cache_dir=_cache(), **origin)


def _snapshot(wanted: Cost, kind: Kind) -> Path:
    return _folder(wanted.id, kind) / "snapshots" / wanted.commit


def _has_rows(folder: Path) -> bool:
    """Return whether a data set's folder holds data files, not only the card that somebody looked at."""
    return any(_holds_rows(path.relative_to(folder).as_posix()) for path in folder.rglob("*"))


_IS_COMPLETE: dict[Kind, Callable[[Path], bool]] = {
    "model": is_complete_model,
    "dataset": _has_rows,
    "adapter": hub_adapters.is_complete,
}
