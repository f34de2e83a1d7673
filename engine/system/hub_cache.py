"""The download cache of huggingface_hub, read without importing it.

Knows its layout (https://huggingface.co/docs/huggingface_hub/guides/manage-cache) and which files make a model.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

from engine.system.foreign_files import FileKind, read_json, read_text
from engine.system.paths import cache_folder, expand_user, path_exists

Kind = Literal["model", "dataset"]
CARD = "README.md"
# Written beside data by `datasets`, Kaggle and others; they describe the data.
DESCRIPTIONS = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json", "metadata.json")


def downloads_folder() -> Path:
    named = os.environ.get("HF_HUB_CACHE") or os.environ.get("HUGGINGFACE_HUB_CACHE")
    if named:
        return expand_user(named)
    cache = expand_user(os.environ.get("XDG_CACHE_HOME") or "~/.cache")
    home = os.environ.get("HF_HOME") or own_home()
    return (expand_user(home) if home else cache / "huggingface") / "hub"


def own_home() -> str:
    """Return what HF_HOME has to say for a user without a home folder, in whose working folder it would be else."""
    return "" if expand_user("~").is_absolute() else str(cache_folder() / "huggingface")


def repository_folder(cache: Path, repo_id: str, kind: Kind) -> Path:
    return cache / f"{kind}s--{repo_id.replace('/', '--')}"


def is_cached(repo_id: str, revision: str, kind: Kind) -> bool:
    """Tell whether a model is complete on this computer, or whether data files of a data set are."""
    folder = cached_folder(repo_id, revision, kind)
    if folder is None:
        return False
    return is_complete_model(folder) if kind == "model" else _has_data(folder)


def cached_models() -> list[tuple[str, Path]]:
    """Return the ids and folders of the models whose main revision is complete on this computer."""
    found = []
    for repository in sorted(downloads_folder().glob("models--*")):
        repo_id = repository.name.removeprefix("models--").replace("--", "/")
        folder = cached_folder(repo_id, "main", "model")
        if folder is not None and is_complete_model(folder):
            found.append((repo_id, folder))
    return found


def is_complete_model(folder: Path) -> bool:
    """Tell whether a model's folder holds its configuration and all its weights."""
    index = folder / "model.safetensors.index.json"
    weights = {"model.safetensors"}
    if index.exists():
        try:
            weights = set(read_json(index, FileKind.WEIGHT_INDEX)["weight_map"].values())
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return False
    return all((folder / name).exists() for name in ("config.json", *weights))


def cached_folder(repo_id: str, revision: str, kind: Kind, cache: Path | None = None) -> Path | None:
    """Return the folder of a cached revision or commit, None without one. It may be incomplete."""
    repository = repository_folder(cache or downloads_folder(), repo_id, kind)
    try:
        commit = read_text(repository / "refs" / revision, FileKind.JOB).strip()
    except (OSError, ValueError):
        commit = revision
    folder = repository / "snapshots" / commit
    return folder if path_exists(folder) else None


def _has_data(folder: Path) -> bool:
    """Tell whether a data set has a file that is neither its card, a description, a licence nor a script."""
    for path in folder.rglob("*"):
        is_about = path.name in (CARD, *DESCRIPTIONS) or path.name.startswith(".")
        if path.is_file() and not is_about and path.suffix not in ("", ".py"):
            return True
    return False
