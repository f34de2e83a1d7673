"""Templates of scripts and cards that people read and run. Values are quoted, as HTML escapes them in a page.

Only the engine's own code, marked by the filter `code`, is inserted as it is. A missing value is an error.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable
from pprint import pformat
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template, Undefined

from engine.system.paths import templates_folder
from engine.text.escaping import markdown

# Longer lists and texts are written over several lines.
LINE = 100


class Code(str):
    """A part of a script that contains nothing from a recipe, adapter, model or data set."""

    __slots__ = ()


def python_template(name: str) -> Template:
    """Return a template, such as "script/train.py.jinja", that writes values as Python literals."""
    return _template(name, lambda value: pformat(value, width=LINE, sort_dicts=False))


def shell_template(name: str) -> Template:
    """Return a template, such as "slurm/train.sbatch.jinja", that writes a value as a word and a list as words."""
    return _template(
        name, lambda value: shlex.join(value) if isinstance(value, list) else shlex.quote(str(value))
    )


def markdown_template(name: str) -> Template:
    """Return a template of the resources, such as "hub/card.md.jinja": Markdown makes nothing of a value but text."""
    return _template(name, lambda value: markdown(str(value)))


def _template(name: str, quoted: Callable[[Any], str]) -> Template:
    environment = Environment(
        loader=FileSystemLoader(templates_folder()),
        # A script, not a page: `finalize` quotes.
        autoescape=False,  # noqa: S701
        finalize=lambda value: value if isinstance(value, Code | Undefined) else quoted(value),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["code"] = Code
    return environment.get_template(name)
