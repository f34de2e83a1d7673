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
from functools import partial
from pathlib import Path

import appdirs

from engine.errors import SettingError, disk_errors
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
    with disk_errors(
        "The folder {} can't be created: {}.", folder, hint="Set TUNESMITH_HOME to another folder."
    ):
        # The folders hold private conversations, so other users have no access.
        missing = [each for each in (folder, *folder.parents) if not each.is_dir()]
        for each in reversed(missing):
            make_private(each)
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


def _users(kind: str, *names: str) -> Path:
    return _created(_base(kind).joinpath(*names))


# Each returns one of the user's folders, made if missing: for runs, one folder each,
runs_folder = partial(_users, "data", "runs")
# the library's,
adapters_folder = partial(_users, "data", "adapters")
# for deleted runs and adapters,
trash_folder = partial(_users, "data", "trash")
# for jobs that are no runs (summarize, inspect, …),
jobs_folder = partial(_users, "data", "jobs")
# for saved prompt templates, one file each,
prompts_folder = partial(_users, "data", "prompts")
# for arenas, labelling sets and blind comparisons, one folder each,
arenas_folder = partial(_users, "data", "arenas")
labelling_folder = partial(_users, "data", "labelling")
comparisons_folder = partial(_users, "data", "comparisons")
# for the playground's history, one file for each entry,
tries_folder = partial(_users, "data", "tries")
# for what other computers sent to this one,
cluster_folder = partial(_users, "data", "cluster")
# for preferences and window state,
config_folder = partial(_users, "config", "config")
# for what can be computed or downloaded again,
cache_folder = partial(_users, "cache", "cache")
# of that for computed values (`engine.system.cache`), models converted for another runtime, and unpacked GGUF files.
results_folder = partial(_users, "cache", "cache", "results")
converted_models_folder = partial(_users, "cache", "cache", "converted")
gguf_folder = partial(_users, "cache", "cache", "gguf")


def queue_file() -> Path:
    """Return the file of what waits for the device; it is made when something does."""
    return _created(_base("data")) / "queue.json"


def intake_folder() -> Path:
    """Return the private folder with pasted texts and dropped files."""
    folder = _users("data", "intake")
    folder.chmod(0o700)
    return folder


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


def _shipped(*names: str) -> Path:
    return application_root().joinpath("resources", *names)


# Each returns a folder or file that ships with Tunesmith: all of them (starter, sample conversations, presets, icons),
resources_folder = _shipped
# the bundled model, which recipes call "starter", and the bundled conversations, which they call "sample",
starter_folder = partial(_shipped, "starter")
sample_folder = partial(_shipped, "conversations")
# the general text on which forgetting is measured, which recipes call "auto",
general_text_file = partial(_shipped, "general_text.txt")
# the list of base models to choose from, recipes, and templates of files for people,
base_models_file = partial(_shipped, "base_models.toml")
presets_folder = partial(_shipped, "recipes")
templates_folder = partial(_shipped, "templates")
# and the results of the proof of every method, which may be missing in a checkout.
proof_file = partial(_shipped, "help", "proof.json")


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
