"""What a run needs of this computer: conversations, a base model, an adapter to start from, checkpoints.

What ships with Tunesmith is on every node. What is on the hub is sent only if a node can't have it otherwise.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.adapters import library
from engine.cluster.files import Manifest, below, manifest_of
from engine.computers.sending import texts_of
from engine.config import hub_sources
from engine.config.recipe import STARTER, Recipe, local_folder, looks_like_path
from engine.errors import ComputerError
from engine.jobs.job import Job
from engine.system import hub_cache
from engine.system.hub_cache import Kind
from engine.system.paths import expand_user, path_exists

# Whether a node has a base model or data set of the hub, or can fetch it; asked for its id, revision and kind.
HasSource = Callable[[str, str, Kind], bool]
RUN_FILES = ("checkpoint-", "best-")


@dataclass
class Upload:
    """The files to send: by the path that each has there, and where that is for paths of the recipe."""

    files: Manifest = field(default_factory=list)
    paths: dict[str, Path] = field(default_factory=dict)
    sent: dict[str, str] = field(default_factory=dict)
    hub: bool = False

    @property
    def bytes(self) -> int:
        """The bytes of all files."""
        return sum(size for _, size, _ in self.files)

    def add(self, pairs: Iterator[tuple[str, Path]]) -> None:
        """Add files by the paths that they are to have."""
        listed = list(pairs)
        self.paths |= dict(listed)
        self.files += manifest_of(listed)

    def add_path(self, place: str, text: str, at: Path | None = None) -> None:
        """Add a file or folder that a recipe names, or what stands for it `at` another place.

        It gets a folder of its own below `place`, by its content.
        """
        path = at or expand_user(text)
        # Its own name stays: it is part of what scores are called after.
        pairs = list(below(path, f"{path.name}/")) if path.is_dir() else [(path.name, path)]
        manifest = manifest_of(pairs)
        folder = f"{place}/{hashlib.sha256(json.dumps(manifest).encode()).hexdigest()[:16]}"
        self.paths |= {f"{folder}/{name}": file for name, file in pairs}
        self.files += [[f"{folder}/{name}", size, digest] for name, size, digest in manifest]
        self.sent[text] = f"{folder}/{path.name}"


def of_run(job: Job, recipe: Recipe, has_source: HasSource) -> Upload:
    """Return what a run needs. Raises ComputerError for a base model that is neither here nor there."""
    upload = Upload()
    for text in texts_of(recipe):
        upload.add_path("sent", text)
    base, source, before = recipe.base_model, recipe.data.source, recipe.method.start_from
    if base.id != STARTER and looks_like_path(base.id):
        # Of a GGUF file that is gone, what it was unpacked to is sent.
        is_there = path_exists(expand_user(base.id))
        upload.add_path("models", base.id, None if is_there else local_folder(base.id))
    elif hub_sources.is_on_hub(base.id):
        _add_from_hub(upload, base.id, base.revision, "model", has_source)
    if hub_sources.is_on_hub(source):
        _add_from_hub(upload, source, "main", "dataset", has_source)
    if before and looks_like_path(before):
        upload.add_path("sent", before)
    elif before:
        adapter = library.find(before)
        upload.add(below(adapter.folder, f"adapters/{adapter.id}/"))
    # The checkpoints that earlier attempts left, to go on from.
    for path in sorted(job.folder.iterdir()):
        if path.is_dir() and path.name.startswith(RUN_FILES) and not path.name.endswith(".partial"):
            upload.add(below(path, f"run/{path.name}/"))
    return upload


def _add_from_hub(upload: Upload, repo_id: str, revision: str, kind: Kind, has_source: HasSource) -> None:
    if has_source(repo_id, revision, kind):
        return
    if not hub_cache.is_cached(repo_id, revision, kind):
        field_name = "base_model.id" if kind == "model" else "data.source"
        raise ComputerError(
            f"{repo_id} is neither on this computer nor on every node, and a node can't reach the hub.",
            "Download it here first: it is then sent along.",
            field_name,
        )
    upload.hub = True
    cache = hub_cache.downloads_folder()
    repository = hub_cache.repository_folder(cache, repo_id, kind)
    for part in ("refs", "snapshots"):
        upload.add(below(repository / part, f"hub/{repository.name}/{part}/", within=repository))


def spec_of(job: Job, recipe_text: str, name: str, upload: Upload, **asked: Any) -> dict[str, Any]:
    """Return what a job store is asked to do."""
    return {
        "run": job.id,
        "name": name,
        "recipe": recipe_text,
        "files": upload.files,
        "sent": upload.sent,
        "hub": upload.hub,
        **asked,
    }
