"""Adapters on the hub: their names as people type them, which are here, and the files of one that is to be uploaded.

Opens no connection.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from engine.adapters import metadata as adapter_toml
from engine.adapters.export_redaction import make_public
from engine.adapters.import_checks import CONFIG_NAME, KINDS, README_NAME, WEIGHTS_NAME, copy_adapter
from engine.adapters.library import Adapter
from engine.adapters.metadata import AdapterMetadata
from engine.config.recipe import looks_like_path, public_name
from engine.errors import AdapterError, disk_errors
from engine.messages import counted, say
from engine.system import hub_cache
from engine.system.files import delete
from engine.system.foreign_files import FileKind, read_bytes
from engine.system.paths import expand_user

MAIN = "main"
# The hub's own rule, but that a name without an owner, which is a file's rather, is none.
NAME = re.compile(r"([A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*)(?:@([\w./-]+))?", re.ASCII)
MAX_CHARACTERS = 200


def named(text: str) -> tuple[str, str] | None:
    """Return repository and revision of a text such as owner/name or owner/name@v1, None for another text."""
    found = NAME.fullmatch(text.strip()) if len(text) <= MAX_CHARACTERS else None
    return (found[1], found[2] or MAIN) if found else None


def repository(text: str) -> str:
    """Return the repository of a text such as owner/name, "" for another text or one that names a revision."""
    return text.strip() if named(text) and "@" not in text else ""


def is_here(repo_id: str, revision: str) -> bool:
    """Tell whether an adapter was downloaded to this computer before."""
    folder = hub_cache.cached_folder(repo_id, revision, "model")
    return folder is not None and is_complete(folder)


def is_complete(folder: Path) -> bool:
    """Tell whether a folder holds an adapter's configuration and its weights."""
    return (folder / CONFIG_NAME).exists() and (folder / WEIGHTS_NAME).exists()


def write_copy(adapter: Adapter, folder: Path, *, with_conversations: bool) -> AdapterMetadata:
    """Write the files that go to the hub into an empty folder and return the metadata in it.

    Notes and tags, which are the user's own, stay here. An adapter with conversations in its prompt is refused unless
    they are to go with it. Raises AdapterError and StorageError.
    """
    _refuse_copy(adapter, with_conversations=with_conversations)
    facts = adapter.metadata
    # The hub's card replaces the adapter's own.
    files = {name: digest for name, digest in facts.files.items() if name != README_NAME}
    public = facts.model_copy(update={"notes": "", "tags": [], "files": files})
    with disk_errors("{} can't be copied: {}.", adapter.name):
        copy_adapter(adapter.folder, folder)
        delete(folder / README_NAME)
        adapter_toml.save(public, folder)
        make_public(folder)
    return adapter_toml.load(folder)


def _refuse_copy(adapter: Adapter, *, with_conversations: bool) -> None:
    if adapter.is_prompt or not (adapter.folder / WEIGHTS_NAME).exists():
        raise AdapterError(
            say("{} is a prompt without weights.", adapter.name), "Copy its prompt instead.", "adapter"
        )
    if not (adapter.folder / CONFIG_NAME).exists():
        raise AdapterError(say("{} has no {}.", adapter.name, CONFIG_NAME), "Import it again.", "adapter")
    changed = adapter_toml.changed(adapter.folder, adapter.metadata, (CONFIG_NAME, WEIGHTS_NAME))
    if changed:
        raise AdapterError(
            say("{} of {} changed since it was saved.", " and ".join(changed), adapter.name),
            "Only trained weights can be shared.",
            "adapter",
        )
    shots = adapter.metadata.prompt.shots if adapter.metadata.prompt else []
    if shots and not with_conversations:
        shown = counted(len(shots), "conversation")
        raise AdapterError(
            say("The prompt of {} contains {}, which would be uploaded.", adapter.name, shown),
            "If they may be published, add --with-conversations.",
            "adapter",
        )


def refuse_private(adapter: Adapter, files: Mapping[str, Path]) -> None:
    """Raise AdapterError if a text among the files still names the home folder or a path of the adapter's run."""
    facts = adapter.metadata
    paths = {facts.base_model.id, facts.data.source, facts.training.start_from}
    private = {path for path in paths if looks_like_path(path) and public_name(path) != path}
    home = str(expand_user("~"))
    marks = [mark.encode() for mark in (*private, home) if len(mark) > 1]
    for name, path in files.items():
        is_text = path.suffix != ".safetensors"
        content = read_bytes(path, KINDS.get(name, FileKind.TOKENIZER)) if is_text else b""
        if any(mark in content for mark in marks):
            raise AdapterError(
                say("{} would contain a folder's path.", name),
                "Remove it from the adapter's name or prompt.",
                "adapter",
            )
