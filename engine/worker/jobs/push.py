"""The job `push`: an adapter into a repository of the Hugging Face Hub, with a model card. Imports no torch.

What is sent is made in the job's folder first, so that it can be shown whole without sending anything.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from engine.adapters import hub_adapters, library, licence_terms
from engine.adapters.import_checks import README_NAME
from engine.adapters.library import Adapter
from engine.adapters.metadata import AdapterMetadata, ExportFacts
from engine.errors import AdapterError
from engine.messages import say
from engine.methods import tuner_of
from engine.system.foreign_files import open_regular
from engine.worker.exports import hub_card
from engine.worker.exports.hub_card import Licences
from engine.worker.hub import repository, upload
from engine.worker.runtime.channel import Channel

COPY = "hub"
# What an exported model has beside what any model has.
SCRIPT_FILES = frozenset({"summarize.py", "prompting.py", "command.py", "prompt.json"})


def run(channel: Channel, request: dict[str, Any]) -> None:
    """Send an adapter, or the plain model in a folder `model`; with `dry_run` only say what would be sent."""
    adapter, repo_id = library.find(request["adapter"]), str(request["target"])
    private = not request.get("public")
    upload.check_name(repo_id)
    model = Path(request["model"]) if request.get("model") else None
    export = _export_of(adapter, model) if model else None
    if model is None:
        _refuse_own_tuner(adapter)
    folder = channel.job.folder / COPY
    folder.mkdir(exist_ok=True)
    metadata = hub_adapters.write_copy(
        adapter, folder, with_conversations=bool(request.get("with_conversations"))
    )
    licences = Licences.of(adapter)
    _tell_licences(channel, metadata, licences, private=private)
    # Adapter and model would be in each other's way in one repository.
    mark = f"{adapter.id} {export.to}" if export else adapter.id
    card = str(hub_card.card(metadata, repo_id, licences, mark, export))
    (folder / README_NAME).write_text(card, encoding="utf-8")
    files = {path.name: path for path in sorted(folder.iterdir())}
    if model is not None:
        files = _model_files(model) | {README_NAME: folder / README_NAME}
    hub_adapters.refuse_private(adapter, files)
    channel.check_stop()
    if not request.get("dry_run"):
        channel.enter("upload")
        upload.push(
            repo_id,
            files,
            mark,
            private=private,
            on_progress=channel.progress,
            cancelled=channel.stop_requested,
        )
    channel.result({
        "path": upload.address(repo_id),
        "private": private,
        "sent": not request.get("dry_run"),
        "files": [{"name": name, "bytes": path.stat().st_size} for name, path in files.items()],
        "card": card,
    })  # fmt: skip


def _export_of(adapter: Adapter, model: Path) -> ExportFacts:
    """Return what is known of a folder that the adapter was exported to as a plain model. Raises AdapterError."""
    exports = [each for each in adapter.metadata.exports if (each.to, each.name) == ("merged", model.name)]
    if not exports or not (model / "summarize.py").is_file():
        raise AdapterError(
            say("{} is not a plain model exported from {}.", model, adapter.name),
            "Export it as a plain model (--to merged) and choose that folder.",
            "--model",
        )
    return exports[0]


def _model_files(model: Path) -> dict[str, Path]:
    """Return the files of a plain model by name: weights, configuration, tokenizer, and the script with its prompt.

    Raises AdapterError for a link among them, which could lead to a private file.
    """
    found = {
        path.name: path
        for path in sorted(model.iterdir())
        if path.name in SCRIPT_FILES
        or repository.WEIGHTS.fullmatch(path.name)
        or repository.MODEL_FILES.fullmatch(path.name)
    }
    for name, path in found.items():
        try:
            open_regular(path, links=False).close()
        except OSError as error:
            message = say("{} of {} can't be sent: {}.", name, model.name, error)
            raise AdapterError(message, "Replace the link with the file.", "--model") from error
    return found


def _refuse_own_tuner(adapter: Adapter) -> None:
    """Raise AdapterError for an adapter of a type that PEFT by itself does not know."""
    tuner = tuner_of(adapter.metadata.method.peft_type)
    if tuner is not None and tuner.is_own:
        raise AdapterError(
            say("Plain PEFT can't load the type of {}.", adapter.name),
            "Export it as a plain model (--to merged), if possible, and send that (--model).",
            "adapter",
        )


def _tell_licences(channel: Channel, metadata: AdapterMetadata, licences: Licences, *, private: bool) -> None:
    """Say what follows from the licences before anything is sent. Raises AdapterError if they forbid passing on."""
    told = hub_card.licence_lines(metadata, licences)
    for line, name in zip(told, (licences.base, licences.data), strict=True):
        found = licence_terms.terms(name)
        if found is not None and found.forbids:
            if not private:
                raise AdapterError(line, "Upload it privately, or ask its owner.", "adapter")
            channel.notice(line, "Share it only once the licence's owner agrees.", "warning")
        else:
            channel.notice(line)
