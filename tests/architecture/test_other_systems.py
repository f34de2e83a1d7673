"""What Windows refuses or shows is done in one way: files are renamed and deleted patiently, programs start unseen."""

import ast
import re

from tests.helpers.repository import sources

FILES = "engine/system/files.py"
CHANGES = re.compile(
    r"\b(?:os|shutil)\.(?:rename|replace|remove|rmdir|rmtree|move|unlink)\(|\.(?:unlink|rmdir)\("
    r"|(?:path|place|folder|partial|unfinished|made|file)\.(?:rename|replace)\("
)
# What a worker or a node of Ray starts shares its console, which has no window; the others are for Linux alone.
UNSEEN = (
    "engine/worker/", "engine/cluster/probe.py", "engine/system/desktop_entry.py", "gui/widgets/file_dialogs.py"
)  # fmt: skip
# A rank takes the place of its launcher, with its console.
RANKS = "engine/jobs/worker_process.py"
STARTS = re.compile(r"subprocess\.(?:Popen|run)")


def test_one_module_renames_and_deletes():
    found = {
        (place, each) for place, text in sources("engine", "gui").items() for each in CHANGES.findall(text)
    }
    assert {change for place, change in found if place == FILES} >= {"shutil.rmtree("}
    assert {each for each in found if each[0] != FILES} == set()


def test_no_program_opens_a_console_window():
    starts = [
        (place, {option.arg for option in call.keywords})
        for place, text in sources("engine", "gui").items()
        if STARTS.search(text) and not place.startswith(UNSEEN)
        for call in ast.walk(ast.parse(text))
        if isinstance(call, ast.Call) and STARTS.fullmatch(ast.unparse(call.func))
    ]
    # Options by a dictionary have no name.
    assert [place for place, options in starts if not options & {"creationflags", None}] == [RANKS]
    assert len(starts) > 5
