"""The user's folders and the files that ship with Tunesmith.

`TUNESMITH_HOME` puts everything under one folder; without it, `appdirs` gives the system's folders. Paths whose bytes
are no UTF-8 are reached through links: recipes, events and libraries hold paths as text.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import stat
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import appdirs

from engine.errors import SettingError, StorageError
from engine.messages import say

APPLICATION = "tunesmith"
HOME = "TUNESMITH_HOME"
# On a node of a cluster: paths of the sender to the paths of the uploaded files, as JSON.
SENT_FILES = "TUNESMITH_SENT_FILES"
# How Python represents bytes of a path that are no UTF-8.
_NO_TEXT = re.compile(r"[\ud800-\udfff]")
# A longer name keeps its end, with the suffix.
MAX_NAME = 60


def _base(kind: str) -> Path:
    home = os.environ.get(HOME)
    folder = _named_home(home) if home else _folder_of_system(kind)
    if is_text(folder):
        return folder
    links = private_temporary_folder()
    return through_link(_created(folder), links) if links else folder


def _named_home(home: str) -> Path:
    try:
        return Path(home).expanduser().resolve()
    except (RuntimeError, OSError, ValueError) as error:
        message = say(
            "{} doesn't lead to a folder: {} has no known user, links to itself, or isn't a path.", HOME, home
        )
        raise SettingError(message, "Set it to another folder.", HOME) from error


def _folder_of_system(kind: str) -> Path:
    folders = {
        "data": appdirs.user_data_dir,
        "cache": appdirs.user_cache_dir,
        "config": appdirs.user_config_dir,
    }
    folder = Path(folders[kind](APPLICATION, appauthor=False))
    if not folder.is_absolute():
        # Or it would lie below the working folder, each time another.
        raise SettingError("This user has no home folder.", "Set TUNESMITH_HOME to a folder.", HOME)
    return folder


def _created(folder: Path) -> Path:
    try:
        # The folders hold private conversations, so other users have no access.
        missing = [each for each in (folder, *folder.parents) if not each.is_dir()]
        for each in reversed(missing):
            make_private(each)
    except OSError as error:
        raise StorageError(
            say("The folder {} can't be created: {}.", folder, error.strerror),
            "Set TUNESMITH_HOME to another folder.",
        ) from error
    return folder


def make_private(folder: Path) -> None:
    """Create a folder that only this user can access, whatever the umask, unless it exists."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError:
        if not folder.is_dir():
            raise
    else:
        folder.chmod(0o700)


def runs_folder() -> Path:
    """Return the folder with one folder for each run, made if missing."""
    return _created(_base("data") / "runs")


def adapters_folder() -> Path:
    """Return the library's folder, made if missing."""
    return _created(_base("data") / "adapters")


def trash_folder() -> Path:
    """Return the folder that deleted runs and adapters move to, made if missing."""
    return _created(_base("data") / "trash")


def jobs_folder() -> Path:
    """Return the folder for jobs that are no runs (summarize, inspect, …), made if missing."""
    return _created(_base("data") / "jobs")


def prompts_folder() -> Path:
    """Return the folder with one file for each saved prompt template, made if missing."""
    return _created(_base("data") / "prompts")


def arenas_folder() -> Path:
    """Return the folder with one folder for each arena, made if missing."""
    return _created(_base("data") / "arenas")


def labelling_folder() -> Path:
    """Return the folder with one folder for each labelling set, made if missing."""
    return _created(_base("data") / "labelling")


def comparisons_folder() -> Path:
    """Return the folder with one folder for each blind comparison, made if missing."""
    return _created(_base("data") / "comparisons")


def tries_folder() -> Path:
    """Return the folder with a file for each entry of the playground's history, made if missing."""
    return _created(_base("data") / "tries")


def queue_file() -> Path:
    """Return the file of what waits for the device; it is made when something does."""
    return _created(_base("data")) / "queue.json"


def intake_folder() -> Path:
    """Return the private folder with pasted texts and dropped files."""
    folder = _created(_base("data") / "intake")
    folder.chmod(0o700)
    return folder


def cache_folder() -> Path:
    """Return the folder for what can be computed or downloaded again, made if missing."""
    return _created(_base("cache") / "cache")


def results_folder() -> Path:
    """Return the folder of what was computed and can be computed again, made if missing (`engine.system.cache`)."""
    return _created(cache_folder() / "results")


def converted_models_folder() -> Path:
    """Return the folder with models that were converted for another runtime, made if missing."""
    return _created(cache_folder() / "converted")


def gguf_folder() -> Path:
    """Return the folder with a model folder for each GGUF file that was unpacked, made if missing."""
    return _created(cache_folder() / "gguf")


def cluster_folder() -> Path:
    """Return the folder with what other computers sent to this one, made if missing."""
    return _created(_base("data") / "cluster")


def config_folder() -> Path:
    """Return the folder for preferences and window state, made if missing."""
    return _created(_base("config") / "config")


def application_root() -> Path:
    """Return the folder that holds `main.py` and `resources`."""
    return Path(__file__).resolve().parents[2]


def program() -> list[str]:
    """Return the command that starts Tunesmith: Python and main.py."""
    return [python(), str(application_root() / "main.py")]


def python() -> str:
    """Return this Python, on Windows the one with a console: another's programs would each open one of their own."""
    here = Path(sys.executable)
    return str(here.with_name("python.exe")) if here.name.lower() == "pythonw.exe" else sys.executable


def expand_user(text: str) -> Path:
    """Return the path of a text, with "~" for the home folder; "~" of an unknown user stays."""
    try:
        return Path(text).expanduser()
    except (RuntimeError, ValueError):
        return Path(text)


def path_here(text: str) -> Path:
    """Return where to read a path of a recipe: on a node of a cluster, the uploaded file."""
    sent = json.loads(os.environ.get(SENT_FILES) or "{}")
    return Path(sent[text]) if text in sent else expand_user(text)


def as_text(path: Path) -> Path:
    """Return an absolute path as text, if need be through a link of ours."""
    return path if is_text(path) else through_link(path, _created(_base("data") / "links"))


def resolved(path: Path) -> Path:
    """Return an absolute path as text, with links in its folders resolved.

    A link at its end stays, since its suffix names the kind of file. So do circular links and invalid names, which
    readers report.
    """
    path = expand_user(str(path))
    try:
        return as_text(path.parent.resolve() / path.name if path.is_symlink() else path.resolve())
    except (RuntimeError, OSError, ValueError):
        return as_text(path.absolute())


def path_exists(path: Path) -> bool:
    """Tell whether a path exists; False for invalid names."""
    try:
        return path.exists()
    except (OSError, ValueError):
        return False


def resources_folder() -> Path:
    """Return the folder of shipped files: starter, sample conversations, presets, icons."""
    return application_root() / "resources"


def starter_folder() -> Path:
    """Return the bundled model's folder, which recipes call "starter"."""
    return resources_folder() / "starter"


def sample_folder() -> Path:
    """Return the bundled conversations' folder, which recipes call "sample"."""
    return resources_folder() / "conversations"


def general_text_file() -> Path:
    """Return the shipped general text, on which forgetting is measured; recipes call it "auto"."""
    return resources_folder() / "general_text.txt"


def base_models_file() -> Path:
    """Return the shipped list of base models to choose from."""
    return resources_folder() / "base_models.toml"


def presets_folder() -> Path:
    """Return the folder of shipped recipes."""
    return resources_folder() / "recipes"


def templates_folder() -> Path:
    """Return the folder of templates that files for people are rendered from."""
    return resources_folder() / "templates"


def proof_file() -> Path:
    """Return the shipped results of the proof of every method; the file may be missing in a checkout."""
    return resources_folder() / "help" / "proof.json"


def is_text(path: Path) -> bool:
    """Tell whether a path is text: all of its bytes are UTF-8."""
    return not _NO_TEXT.search(str(path))


def through_link(path: Path, folder: Path) -> Path:
    """Return an absolute path that is text, if need be through a link in `folder`.

    If the file does not exist or no link can be made, the path is returned as it is.
    """
    if is_text(path):
        return path
    # Below it, every name is text.
    named = next(parent for parent in (path, *path.parents) if not is_text(Path(parent.name)))
    if not os.path.lexists(named):
        return path
    link = folder / hashlib.sha256(os.fsencode(named)).hexdigest()[:12] / _written_out(named.name)
    with suppress(OSError):
        link.parent.mkdir(mode=0o700, exist_ok=True)
        link.symlink_to(named)
    return link / path.relative_to(named) if link.is_symlink() else path


def _written_out(name: str) -> str:
    """Return a name with its invalid bytes percent-encoded: "caf%E9.csv"."""
    text = _NO_TEXT.sub(lambda byte: f"%{ord(byte[0]) & 0xFF:02X}", name)
    return text[-MAX_NAME:]


def private_temporary_folder() -> Path | None:
    """Return a private folder for temporary files, created if missing; None if another user owns it."""
    if os.name == "nt":
        return Path(tempfile.gettempdir())
    folder = Path(tempfile.gettempdir(), f"tunesmith-{os.getuid()}")
    with suppress(OSError):
        folder.mkdir(mode=0o700)
    return folder if is_private(folder) else None


def is_private(folder: Path) -> bool:
    """Tell whether a folder, no link, is the user's and nobody else can create or rename files in it."""
    try:
        found = folder.lstat()
    except OSError:
        return False
    others = stat.S_IWGRP | stat.S_IWOTH
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.getuid() and not found.st_mode & others
