"""The verb `serve`: summaries over HTTP on this computer, in the form of OpenAI's chat completions."""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
from typing import Any

from engine.adapters import library
from engine.adapters.library import Adapter
from engine.commands.adapter_export import ADAPTER_HELP
from engine.commands.scoring import adapter_arguments, name_for_worker
from engine.commands.terminal.download_consent import confirm_base
from engine.commands.terminal.follow_job import STOPPED, Follower, conclude
from engine.commands.terminal.output import Output
from engine.commands.terminal.parser import Verbs, whole_number
from engine.config.decoding import DecodingOptions
from engine.errors import AdapterError, AppError
from engine.jobs.events import Event
from engine.jobs.job import create_job
from engine.system.paths import jobs_folder

DEFAULT_PORT = 8131
# So that a client can be set up once.
VARIABLE = "TUNESMITH_SERVE_TOKEN"


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    serve = verbs.add(
        "serve", "Answer chat completions with summaries, on this computer alone", serve_adapters
    )
    serve.add_argument(
        "--adapter",
        action="append",
        required=True,
        dest="adapters",
        metavar="ADAPTER",
        help=f"{ADAPTER_HELP}; may be repeated",
    )
    serve.add_argument("--device", default="auto", help="auto (the default), cpu, cuda:1 and so on")
    serve.add_argument(
        "--port",
        type=whole_number,
        default=DEFAULT_PORT,
        metavar="N",
        help=f"0: any (default: {DEFAULT_PORT})",
    )


def serve_adapters(asked: argparse.Namespace, output: Output) -> int:
    """Load a base model once, and answer requests with its adapters until stopped."""
    from engine.server.http_server import HOST, Server, make_send

    adapters = [library.find(name, shortened=True) for name in asked.adapters]
    _require_one_base(adapters)
    arguments = adapter_arguments(adapters, "", asked.device)
    if not confirm_base(arguments["base_model"], output):
        return STOPPED
    token = os.environ.get(VARIABLE) or secrets.token_urlsafe(24)
    job = create_job(jobs_folder(), "summarize", arguments)
    follower = Follower(job, output=Output(as_json=False))
    server = Server(
        _served(adapters), token, make_send(follower.send, lambda error: _fail(error, follower, output))
    )
    address = f"http://{HOST}:{server.start(asked.port)}/v1"

    def follow(event: Event) -> None:
        server.tell(event)
        if event["event"] == "base_ready":
            names = list(_served(adapters))
            output.json({"address": address, "token": token, "models": names})
            output.lines(_ready_lines(address, token, names))

    output.status("Loading the base model …")
    try:
        ending = follower.run(follow)
    finally:
        server.close()
    code = conclude(ending, output)
    shutil.rmtree(job.folder, ignore_errors=True)
    return code


def _require_one_base(adapters: list[Adapter]) -> None:
    bases = {(each.metadata.base_model.id, each.metadata.base_model.quantization) for each in adapters}
    if len(bases) > 1:
        raise AdapterError(
            "The adapters were made for different base models.", "Serve them one by one.", "adapter"
        )


def _served(adapters: list[Adapter]) -> dict[str, Any]:
    """Return the models by the names of their adapters, and the base model alone; of equal names, the ids."""
    from engine.server.chat_api import BASE
    from engine.server.http_server import Served

    names = [each.name for each in adapters]
    found = {
        each.name if names.count(each.name) == 1 else each.id: Served(name_for_worker(each), _decoding(each))
        for each in adapters
    }
    return found | {BASE: Served(None, _decoding(adapters[0]))}


def _decoding(adapter: Adapter) -> dict[str, Any]:
    """Return how an adapter's summaries are decoded, as it was scored."""
    prompt, defaults = adapter.metadata.prompt, DecodingOptions()
    return {
        "beams": prompt.beams if prompt else defaults.beams,
        "max_new_tokens": prompt.max_new_tokens if prompt else defaults.max_new_tokens,
        "temperature": 0.0,
        "long_conversations": "piecewise",
    }


def _ready_lines(address: str, token: str, names: list[str]) -> list[str]:
    body = (
        f'{{"model": "{names[0]}", "messages": [{{"role": "user", "content": "Ann: Hi. Bob: Lunch at 1?"}}]}}'
    )
    return [
        f"Serving {', '.join(names)} at {address}; Ctrl+C ends it.",
        f"Token: {token}",
        "",
        f"curl {address}/chat/completions -H 'Authorization: Bearer {token}' -d '{body}'",
    ]


def _fail(error: AppError, follower: Follower, output: Output) -> None:
    output.failure(error)
    follower.stop()
