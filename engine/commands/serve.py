"""The verb `serve`: summaries over HTTP on this computer, in the form of OpenAI's chat completions."""

from __future__ import annotations

import argparse

from engine.adapters import library
from engine.commands.adapters import ADAPTER_HELP
from engine.commands.scoring import adapter_arguments
from engine.commands.terminal.consent import confirm_base
from engine.commands.terminal.follow_job import STOPPED, Follower, conclude
from engine.commands.terminal.output import Output
from engine.commands.terminal.parser import Verbs, port
from engine.jobs.events import Event
from engine.jobs.job import create_job
from engine.server import serving
from engine.server.serving import DEFAULT_PORT, Serving
from engine.system.files import remove
from engine.system.paths import jobs_folder


def add(verbs: Verbs) -> None:
    """Declare the verb."""
    serve = verbs.add(
        "serve", "Serve chat completions that answer with summaries, on this computer only", serve_adapters
    )
    serve.add_argument(
        "--adapter",
        action="append",
        required=True,
        dest="adapters",
        metavar="ADAPTER",
        help=f"{ADAPTER_HELP}; repeatable",
    )
    serve.add_argument("--device", default="auto", help="auto (the default), cpu, cuda:1 and so on")
    serve.add_argument(
        "--port",
        type=port,
        default=DEFAULT_PORT,
        metavar="N",
        help=f"0: any (default: {DEFAULT_PORT})",
    )


def serve_adapters(asked: argparse.Namespace, output: Output) -> int:
    """Load a base model once, and answer requests with its adapters until stopped."""
    adapters = [library.find(name, shortened=True) for name in asked.adapters]
    serving.job_arguments(adapters)
    arguments = adapter_arguments(adapters, "", asked.device)
    if not confirm_base(arguments["base_model"], output):
        return STOPPED
    job = create_job(jobs_folder(), "summarize", arguments)
    # What the worker reports is not this command's output.
    follower = Follower(job, Output(as_json=False))
    running = serving.start(adapters, follower.send, asked.port)

    def follow(event: Event) -> None:
        running.tell(event)
        if event["event"] == "base_ready":
            _show(running, output)

    output.status("Loading the base model …")
    try:
        ending = follower.run(follow)
    finally:
        running.close()
    code = conclude(ending, output)
    remove(job.folder)
    return code


def _show(running: Serving, output: Output) -> None:
    output.json({"address": running.address, "token": running.token, "models": list(running.models)})
    output.lines([
        f"Serving {', '.join(running.models)} at {running.address}; Ctrl+C ends it.",
        f"Token: {running.token}",
        "",
        running.curl,
    ])  # fmt: skip
