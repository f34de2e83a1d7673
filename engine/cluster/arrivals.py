"""What a run that was sent may bring back: the names of its files, and how they come to their places here.

The cluster is not trusted with names: one that a run has no file by is refused, and everything is fetched into a new
folder and checked there before it takes a place.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

from engine.adapters import library
from engine.adapters import metadata as adapter_toml
from engine.adapters.import_checks import CONFIG_NAME, README_NAME, WEIGHTS_NAME, refuse_unsafe
from engine.cluster.files import Manifest, fetch, part_of
from engine.cluster.store_client import JobStoreClient
from engine.errors import AdapterError, StorageError
from engine.jobs.job import Job
from engine.system.paths import adapters_folder

CHECKPOINTS = ("checkpoint-", "best-")
_CHECKPOINT_FILE = r"(?:checkpoint|best)-[0-9]+/[A-Za-z0-9_][A-Za-z0-9_.-]*"
_RUN_FILE = re.compile(rf"run/(?:scores\.json|worker\.log|{_CHECKPOINT_FILE})")
_ADAPTER_FILES = frozenset(
    {CONFIG_NAME, WEIGHTS_NAME, README_NAME, adapter_toml.RECIPE_NAME, adapter_toml.FILE_NAME}
)
ARRIVING = "arriving.partial"


def is_expected(run_id: str, name: str) -> bool:
    """Tell whether a run has a file by this name: `run/…` of its own, or `adapters/ID/…` of an adapter that it made."""
    if _RUN_FILE.fullmatch(name):
        return True
    top, _, rest = name.partition("/")
    adapter_id, _, file = rest.partition("/")
    return top == "adapters" and _is_own(run_id, adapter_id) and file in _ADAPTER_FILES


def _is_own(run_id: str, adapter_id: str) -> bool:
    """Tell whether an adapter is a run's: it is called after the run, and if that was stopped after its step too."""
    return re.fullmatch(rf"{re.escape(run_id)}(?:-step-[0-9]+)?", adapter_id) is not None


def require_expected(run_id: str, files: Manifest) -> None:
    """Return if a run has each of these files, once. Raises StorageError."""
    seen = set[str]()
    for name, _, _ in files:
        if not is_expected(run_id, name) or name in seen:
            raise StorageError(
                f"The cluster sent a file that the run does not have: {name[:200]!r}.",
                "Nothing of it was kept. Ask who runs the cluster.",
            )
        seen.add(name)


def require_own(run_id: str, adapter_id: str) -> None:
    """Return if an adapter is a run's. Raises StorageError."""
    require_expected(run_id, [[f"adapters/{adapter_id}/{adapter_toml.FILE_NAME}", 0, ""]])


def fetch_adapters(job_store: JobStoreClient, run_id: str, files: Manifest) -> None:
    """Fetch the adapters of a run, and put each into the library once it is whole and known to be harmless.

    Raises AdapterError and StorageError; the library is as it was then.
    """
    require_expected(run_id, files)
    adapters = part_of(files, "adapters/")
    for adapter_id in dict.fromkeys(name.partition("/")[0] for name, _, _ in adapters):
        folder, partial = adapters_folder() / adapter_id, library.partial_folder(adapter_id)
        try:
            fetch(job_store, part_of(adapters, f"{adapter_id}/"), partial, have=folder)
            _require_sound(partial, adapter_id)
            shutil.rmtree(folder, ignore_errors=True)
            partial.replace(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _require_sound(folder: Path, adapter_id: str) -> None:
    metadata = adapter_toml.load(folder)
    if metadata.id != adapter_id:
        raise AdapterError(f"The cluster sent the adapter {metadata.id[:200]!r} as {adapter_id}.")
    refuse_unsafe(folder, metadata)


def fetch_run(job_store: JobStoreClient, job: Job, files: Manifest, *, checkpoints: bool) -> None:
    """Fetch a run's own files into its folder. Raises StorageError; the folder is as it was then."""
    require_expected(job.id, files)
    own = [each for each in part_of(files, "run/") if checkpoints or not each[0].startswith(CHECKPOINTS)]
    arriving = job.folder / ARRIVING
    if arriving.is_symlink():
        # What lies behind it would be moved here.
        arriving.unlink()
    shutil.rmtree(arriving, ignore_errors=True)
    try:
        fetch(job_store, own, arriving, have=job.folder)
        for path in sorted(arriving.iterdir()):
            place = job.folder / path.name
            if place.is_dir():
                shutil.rmtree(place)
            path.replace(place)
    finally:
        shutil.rmtree(arriving, ignore_errors=True)
