"""The templates of scripts that people read and run: plain text, in which a missing value is an error."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template

from engine.system.paths import templates_folder


def script_template(name: str, **filters: Callable[[Any], str]) -> Template:
    """Return a template of the resources, such as "slurm/train.sbatch", with filters of its own."""
    environment = Environment(
        loader=FileSystemLoader(templates_folder()),
        # A script, not a page: its filters quote.
        autoescape=False,  # noqa: S701
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= filters
    return environment.get_template(name)
