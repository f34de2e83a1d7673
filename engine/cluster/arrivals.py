"""What a run may bring back from a cluster: which files, and how they reach their places here.

The cluster is not trusted: names that a run can't have are refused, and everything is fetched into a new folder and
checked there before it is moved into place.
"""

from __future__ import annotations

import re

from engine.adapters import library
from engine.adapters import metadata as adapter_toml
from engine.adapters.import_checks import CONFIG_NAME, README_NAME, WEIGHTS_NAME, refuse_unsafe
from engine.cluster.files import Manifest, fetch, part_of
from engine.cluster.store_client import JobStoreClient
from engine.errors import AdapterError, StorageError
from engine.jobs.job import Job
from engine.messages import say
from engine.system.files import delete, remove, rename
from engine.system.paths import adapters_folder

CHECKPOINTS = ("checkpoint-", "best-")
_CHECKPOINT_FILE = r"(?:checkpoint|best)-[0-9]+/[A-Za-z0-9_][A-Za-z0-9_.-]*"
_RUN_FILE = re.compile(rf"run/(?:scores\.json|worker\.log|{_CHECKPOINT_FILE})")
_ADAPTER_FILES = frozenset(
    {CONFIG_NAME, WEIGHTS_NAME, README_NAME, adapter_toml.RECIPE_NAME, adapter_toml.FILE_NAME}
)
ARRIVING = "arriving.partial"


def is_expected(run_id: str, name: str) -> bool:
    """Tell whether a run can have a file by this name: `run/…`, or `adapters/ID/…` of an adapter that it made."""
    if _RUN_FILE.fullmatch(name):
        return True
    top, _, rest = name.partition("/")
    adapter_id, _, file = rest.partition("/")
    # Adapters are named after the run, and after the step if it was stopped.
    is_own = re.fullmatch(rf"{re.escape(run_id)}(?:-step-[0-9]+)?", adapter_id) is not None
    return top == "adapters" and is_own and file in _ADAPTER_FILES


def require_expected(run_id: str, files: Manifest) -> None:
    """Raise StorageError for a file that the run can't have, or has twice."""
    seen = set[str]()
    for name, _, _ in files:
        if not is_expected(run_id, name) or name in seen:
            raise StorageError(
                say("The cluster sent an unexpected file: {}.", repr(name[:200])),
                "Nothing was saved. Ask whoever runs the cluster.",
            )
        seen.add(name)


def require_own(run_id: str, adapter_id: str) -> None:
    """Raise StorageError for an adapter that is not the run's."""
    require_expected(run_id, [[f"adapters/{adapter_id}/{adapter_toml.FILE_NAME}", 0, ""]])


def fetch_adapters(job_store: JobStoreClient, run_id: str, files: Manifest) -> None:
    """Fetch the adapters of a run, and move each into the library once it is complete and found harmless.

    Raises AdapterError and StorageError; the library is then unchanged.
    """
    require_expected(run_id, files)
    adapters = part_of(files, "adapters/")
    for adapter_id in dict.fromkeys(name.partition("/")[0] for name, _, _ in adapters):
        folder, partial = adapters_folder() / adapter_id, library.partial_folder(adapter_id)
        try:
            fetch(job_store, part_of(adapters, f"{adapter_id}/"), partial, have=folder)
            metadata = adapter_toml.load(partial)
            if metadata.id != adapter_id:
                raise AdapterError(
                    say("The cluster sent the adapter {} as {}.", repr(metadata.id[:200]), adapter_id)
                )
            refuse_unsafe(partial, metadata)
            remove(folder)
            rename(partial, folder)
        finally:
            remove(partial)


def fetch_run(job_store: JobStoreClient, job: Job, files: Manifest, *, checkpoints: bool) -> None:
    """Fetch a run's own files into its folder. Raises StorageError; the folder is then unchanged."""
    require_expected(job.id, files)
    own = [each for each in part_of(files, "run/") if checkpoints or not each[0].startswith(CHECKPOINTS)]
    arriving = job.folder / ARRIVING
    # If it is a link, the files that it points to stay.
    delete(arriving)
    try:
        fetch(job_store, own, arriving, have=job.folder)
        for path in sorted(arriving.iterdir()):
            place = job.folder / path.name
            if place.is_dir():
                delete(place)
            rename(path, place)
    finally:
        remove(arriving)
