"""What the fields of base model and data offer: used last, checked, and on this computer. Read off the GUI thread."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from engine.api import SAMPLE, STARTER, AppError, is_on_hub, model_info, paths, recipe, run_store
from gui.core.preferences import Preferences
from gui.core.recent_files import RecentFiles
from gui.core.saved_state import values_of

MAX_RUNS, MAX_USED = 20, 5


@dataclass(frozen=True)
class KnownSources:
    """Base models and data by where they are known from, newest first; the bundled ones are left out."""

    used_models: tuple[str, ...] = ()
    models_here: tuple[str, ...] = ()
    used_data: tuple[str, ...] = ()
    checked_data: tuple[str, ...] = ()


def read() -> KnownSources:
    """Return what is known; files that are gone are left out."""
    used = []
    for job in run_store.list_jobs()[:MAX_RUNS]:
        with suppress(AppError):
            used.append(recipe.load(job.recipe_path))
    checked = RecentFiles()
    saved = values_of(Preferences().get("page.data") or "")
    checked.restore_state(str(saved.get("recent", "")))
    return KnownSources(
        _still_there(each.base_model.id for each in used)[:MAX_USED],
        tuple(model_info.ids_here()),
        _still_there(each.data.source for each in used)[:MAX_USED],
        _still_there(source for source, _name in checked),
    )


def _still_there(names: Iterable[str]) -> tuple[str, ...]:
    """Return each name once, without the bundled ones and files that are gone."""
    others = (name for name in dict.fromkeys(names) if name not in (STARTER, SAMPLE))
    return tuple(name for name in others if is_on_hub(name) or paths.path_exists(paths.expand_user(name)))
