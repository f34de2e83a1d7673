"""Take the README's pictures: the pages, light and dark, and a moving one, from the real window doing real work.

    python3 packaging/dev.py screenshots [FOLDER]

Trains the starter three times in a home of its own (LoRA shortly, every weight shortly, LoRA), summarises one
of the bundled conversations, and saves each page as FOLDER/<page>-<scheme>.png, by default into resources/screenshots,
and the last run as FOLDER/demo.webp.
"""

from __future__ import annotations

import io
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402
from PySide6.QtCore import QBuffer, Qt, QTimer  # noqa: E402
from PySide6.QtWidgets import QApplication  # noqa: E402

from engine.api import arenas, library, paths, recipe  # noqa: E402
from gui.core.preferences import Preferences  # noqa: E402
from gui.look import style  # noqa: E402
from gui.main_window import MainWindow  # noqa: E402
from gui.pages.arena.page import ArenaPage  # noqa: E402
from gui.pages.data.page import DataPage  # noqa: E402
from gui.pages.library.page import LibraryPage  # noqa: E402
from gui.pages.playground.page import PlaygroundPage  # noqa: E402
from gui.pages.train.page import TrainPage  # noqa: E402
from gui.workers.run_model import RunModel  # noqa: E402
from gui.workers.worker_manager import WorkerManager  # noqa: E402

SIZE = (1440, 900)
SCHEMES = ("light", "dark")
SETTLE_SECONDS = 0.6
MAX_SECONDS = 900.0
SHORTER_RUN = ("method.rank=4", "training.max_steps=40")
HALFWAY = 0.6
CONVERSATION = 7
FILM_WIDTH, FRAME_EVERY_SECONDS, FRAME_SHOWN_SECONDS, PAUSE_SECONDS = 1000, 1.0, 0.15, 3.0


class Photographer:
    """Walk through the window and save what it shows."""

    def __init__(self, window: MainWindow, folder: Path) -> None:
        self._window = window
        self._folder = folder

    def take(self, name: str) -> None:
        """Save the page in both schemes."""
        for scheme in SCHEMES:
            style.apply(_application(), scheme)
            wait(SETTLE_SECONDS)
            self._window.grab().save(str(self._folder / f"{name}-{scheme}.png"))
            print(f"{name}-{scheme}.png", flush=True)


class Film:
    """A moving picture: a frame every second while it records, and others that stay for a while."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self._frames: list[Image.Image] = []
        self._shown_milliseconds: list[int] = []
        self._timer = QTimer()
        self._timer.timeout.connect(lambda: self.add(FRAME_SHOWN_SECONDS))

    def add(self, seconds: float) -> None:
        """Add what the window shows, for so long."""
        picture = self._window.grab().scaledToWidth(FILM_WIDTH, Qt.TransformationMode.SmoothTransformation)
        buffer = QBuffer()
        buffer.open(QBuffer.OpenModeFlag.ReadWrite)
        picture.save(buffer, "PNG")
        self._frames.append(Image.open(io.BytesIO(buffer.data().data())).convert("RGB"))
        self._shown_milliseconds.append(round(1000 * seconds))

    def record(self) -> None:
        """Begin to add frames."""
        self._timer.start(round(1000 * FRAME_EVERY_SECONDS))

    def pause(self) -> None:
        """Add no more frames by itself."""
        self._timer.stop()

    def save(self, path: Path) -> None:
        """Write it; it begins again at its end."""
        first, *others = self._frames
        shown = self._shown_milliseconds
        first.save(path, save_all=True, append_images=others, duration=shown, loop=0, quality=70, method=6)
        print(f"{path.name}: {len(self._frames)} frames, {path.stat().st_size / 1e6:.1f} MB", flush=True)


def _application() -> QApplication:
    existing = QApplication.instance()
    return existing if isinstance(existing, QApplication) else QApplication([])


def wait(seconds: float) -> None:
    """Let the window live for a while."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        QApplication.processEvents()
        time.sleep(0.01)


def wait_until(true: Callable[[], Any], what: str) -> None:
    """Let the window live until something is so; give up loudly."""
    end = time.monotonic() + MAX_SECONDS
    while not true():
        if time.monotonic() > end:
            raise SystemExit(f"Waited in vain for: {what}")
        wait(0.05)


def main() -> None:
    """Take all pictures."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "resources" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ["TUNESMITH_HOME"] = home
        style.apply(_application(), "light")
        manager = WorkerManager()
        window = MainWindow(manager, Preferences())
        window.resize(*SIZE)
        window.show()
        film = Film(window)
        navigation(window, Photographer(window, folder), film)
        film.save(folder / "demo.webp")
        manager.leave()
        wait(1.0)


def navigation(window: MainWindow, photographer: Photographer, film: Film) -> None:
    """Go through the pages as a person would."""
    starter = paths.presets_folder() / "starter.toml"
    wanted = recipe.load(starter)
    train: TrainPage = window.show_built("train")
    show_planned(window, train, wanted)
    photographer.take("train-ready")
    models = []
    for other in (recipe.load(starter, SHORTER_RUN), everything_trained(wanted)):
        models.append(start(train, other))
        wait_until(lambda: window.manager.current is None, other.name)
    show_planned(window, train, wanted)
    film.add(PAUSE_SECONDS)
    model = start(train, wanted)
    film.record()
    wait_until(lambda: model.state.fraction_done > HALFWAY, "the middle of the run")
    film.pause()
    photographer.take("train-running")
    style.apply(_application(), SCHEMES[0])
    film.record()
    wait_until(lambda: window.manager.current is None, "the run's end")
    film.pause()
    wait(SETTLE_SECONDS)
    film.add(PAUSE_SECONDS)
    photographer.take("train-finished")
    compare(window, wanted, [*models, model])
    photographer.take("arena")
    library_page: LibraryPage = window.show_built("library")
    library_page.open(library.scan()[0][0].id)
    photographer.take("library")
    style.apply(_application(), SCHEMES[0])
    summarise(window)
    wait(SETTLE_SECONDS)
    film.add(PAUSE_SECONDS)
    photographer.take("playground")
    data: DataPage = window.show_built("data")
    data.open("sample")
    wait_until(lambda: not data.checker.is_busy, "the data check")
    photographer.take("data")
    window.show_built("home")
    wait(SETTLE_SECONDS)
    photographer.take("home")


def show_planned(window: MainWindow, train: TrainPage, wanted: recipe.Recipe) -> None:
    """Show a recipe and wait until the page says what it will do."""
    plans: list[Any] = []
    window.manager.planner.planned.connect(plans.append)
    train.edit(wanted, "From the preset starter")
    wait_until(lambda: plans, "the plan")


def everything_trained(wanted: recipe.Recipe) -> recipe.Recipe:
    """Return a short run of full fine-tuning on the same data."""
    tables = wanted.as_tables()
    tables["name"], tables["method"] = "Starter, every weight", {"id": "full"}
    tables["training"] |= {"learning_rate": 1e-3, "max_steps": 60}
    return recipe.from_tables(tables)


def start(train: TrainPage, wanted: recipe.Recipe) -> RunModel:
    """Start a run."""
    model = train.start_run(wanted)
    if model is None:
        raise SystemExit(f"{wanted.name} could not be started.")
    return model


def compare(window: MainWindow, wanted: recipe.Recipe, models: list[RunModel]) -> None:
    """Put runs that have been done into an arena, and show it."""
    arena = arenas.create(wanted, [], "Sample conversations with the starter")
    for model in models:
        arena = arenas.add_recipe(arena, model.recipe)
        arena = arenas.set_run(arena, arena.entries[-1].id, model.id)
    page: ArenaPage = window.show_built("arena")
    wait_until(lambda: len(page.table.items()) == len(models), "the arena's table")


def summarise(window: MainWindow) -> None:
    """Compare base and adapters on a bundled conversation."""
    playground: PlaygroundPage = window.show_built("playground")
    playground.open([adapter.id for adapter in library.scan()[0]])
    example = examples()[CONVERSATION]
    playground.open_conversation(example["dialogue"], example["summary"])
    playground.summarise()
    wait_until(lambda: not playground.controller.results.busy, "the summaries")


def examples() -> list[dict[str, Any]]:
    """Return the bundled test conversations."""
    lines = (paths.sample_folder() / "test.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


if __name__ == "__main__":
    main()
