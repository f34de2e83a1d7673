"""What Windows refuses or shows is done in one way: files are renamed and deleted patiently, programs start unseen."""

import ast
import re
from collections.abc import Iterator

from tests.helpers.repository import ROOT

FILES = "engine/system/files.py"
CHANGES = re.compile(
    r"(os|shutil)\.(rename|replace|remove|rmdir|rmtree|move|unlink)|.*\.(unlink|rmdir)"
    r"|.*(path|place|folder|partial|unfinished|made|file)\.(rename|replace)"
)
# What a worker or a node of Ray starts shares its console, which has no window; the others are for Linux alone.
UNSEEN = (
    "engine/worker/", "engine/cluster/probe.py", "engine/system/desktop_entry.py", "gui/widgets/open_path.py"
)  # fmt: skip
# A rank takes the place of its launcher, with its console.
RANKS = "engine/jobs/worker_process.py"


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Yield the calls of methods and modules: where, of what, and the call itself."""
    for package in ("engine", "gui"):
        for path in sorted((ROOT / package).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    yield path.relative_to(ROOT).as_posix(), ast.unparse(node.func), node


def test_one_module_renames_and_deletes():
    found = {(place, name) for place, name, _ in calls() if CHANGES.fullmatch(name)}
    assert {name for place, name in found if place == FILES} >= {"shutil.rmtree"}
    assert {each for each in found if each[0] != FILES} == set()


def test_no_program_opens_a_console_window():
    starts = [
        (place, {option.arg for option in call.keywords})
        for place, name, call in calls()
        if name in {"subprocess.Popen", "subprocess.run"} and not place.startswith(UNSEEN)
    ]
    # Options by a dictionary have no name.
    assert [place for place, options in starts if not options & {"creationflags", None}] == [RANKS]
    assert len(starts) > 5
