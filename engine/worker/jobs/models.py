"""The job `models`: list, find, delete and price base models and data sets, and take in adapters. Imports no torch.

Thin over the hub, which knows how; this is only how the window asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from engine.adapters import library
from engine.adapters.import_checks import copy_file
from engine.adapters.metadata import HubFacts
from engine.config import gguf_models, model_info
from engine.config.recipe import STARTER, gguf_file
from engine.system.files import temporary_folder
from engine.system.paths import adapters_folder, starter_folder
from engine.worker.hub import repository, repository_card, search
from engine.worker.hub.hub_errors import Kind
from engine.worker.runtime.channel import Channel

Request = dict[str, Any]
Result = dict[str, Any]


def run(channel: Channel, request: Request) -> None:
    """Do the request's `action` and hand over its result."""
    channel.result(_ACTIONS[request["action"]](request, channel))


def list_models(_: Request, _channel: Channel) -> Result:
    """Return the models on this computer: the starter, which is `local`, what was fetched, and unpacked GGUF files."""
    models = [_described(STARTER, starter_folder(), local=True)] if starter_folder().is_dir() else []
    for model in repository.cached_models():
        facts = asdict(model)
        models.append({**facts, "folder": str(facts["folder"]), "local": False})
    unpacked = [_described(path, folder, local=False) for path, folder in gguf_models.unpacked()]
    return {"models": [*models, *unpacked]}


def _described(name: str, folder: Path, *, local: bool) -> Result:
    return {
        "id": name,
        "revision": "",
        "family": model_info.text_family(folder),
        "size_bytes": sum(path.stat().st_size for path in folder.iterdir() if path.is_file()),
        "licence": repository_card.licence(folder),
        "folder": str(folder),
        "local": local,
    }


def _search(request: Request, _channel: Channel) -> Result:
    """Return the models of the hub that match the request's `words`."""
    return {"found": [asdict(model) for model in search.find(request["words"])]}


def _cost(request: Request, _channel: Channel) -> Result:
    """Return what fetching a repository would take; of one that is here whole the hub is not asked."""
    folder = repository.cached_folder(*_named(request))
    if folder is not None:
        nothing = repository.Cost(
            request["id"], folder.name, (), 0, repository_card.licence(folder), gated=False
        )
        return {**asdict(nothing), "size_bytes": 0}
    return {**asdict(cost := repository.cost(*_named(request))), "size_bytes": cost.size_bytes}


def delete_model(request: Request, _channel: Channel) -> Result:
    """Remove a repository, or what a GGUF file was unpacked to, and return the bytes that became free."""
    name, _revision, kind = _named(request)
    file = gguf_file(name)
    if file is not None:
        return {"id": name, "freed_bytes": gguf_models.delete_unpacked(file)}
    return {"id": name, "freed_bytes": repository.delete_cached(name, kind)}


def _import_adapter(request: Request, channel: Channel) -> Result:
    """Take an adapter of the hub into the library and return its id there."""
    name, revision = request["id"], request["revision"]
    fetched = repository.download(
        name, revision, "adapter", on_progress=channel.progress, cancelled=channel.stop_requested
    )
    # The cache names folders by commits, and has links to its own files.
    with temporary_folder(adapters_folder(), suffix=library.PARTIAL) as aside:
        folder = aside / name.rpartition("/")[2]
        folder.mkdir()
        for file in repository.ADAPTER_FILES:
            if (fetched / file).is_file():
                copy_file((fetched / file).resolve(), folder / file)
        channel.check_stop()
        adapter = library.import_adapter(folder, HubFacts(id=name, revision=fetched.name))
    for remark in library.remarks_on_weights(adapter):
        channel.notice(remark)
    return {"adapter": adapter.id}


def _named(request: Request) -> tuple[str, str, Kind]:
    return request["id"], request.get("revision") or "main", request.get("repository") or "model"


_ACTIONS: dict[str, Callable[[Request, Channel], Result]] = {
    "list": list_models,
    "search": _search,
    "cost": _cost,
    "delete": delete_model,
    "import_adapter": _import_adapter,
}
