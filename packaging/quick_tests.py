"""Selects the tests that a change can reach: nearest first, as many as fit into the time.

Reads the imports of the checkout's Python files, git's list of changed files, and the durations that earlier test runs
recorded (tests/conftest.py). Knows nothing of pytest but its arguments, and runs no test.
"""

from __future__ import annotations

import json
import re
import subprocess
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

DURATIONS = ".pytest_cache/v/tunesmith/durations"
# Of a test file that has never been run here.
UNKNOWN_SECONDS = 3.0
# The part of the remaining time that the fast tests of a file get if the whole file does not fit.
PARTIAL = 0.5
MAIN_BRANCHES = ("origin/HEAD", "origin/main", "main")
# These read the whole checkout.
ALWAYS = "tests/architecture/"
IMPORT = re.compile(r"^\s*(?:from ([\w.]+) import (\([^)]*\)|.+)|import (.+))", re.MULTILINE)
# Texts that can name a module or a file: "gui.pages.data.page:DataPage", "main.py", "languages".
TEXT = re.compile(r"[\"']([\w.:/-]+)[\"']")
WORD = re.compile(r"[\w.]+")
SHOWN = 8

Durations = Mapping[str, Mapping[str, float]]


@dataclass
class Selection:
    """The tests to run, and those that were left out."""

    changed: list[str]
    files: list[str] = field(default_factory=list)
    deselected: dict[str, float] = field(default_factory=dict)
    left_out: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def arguments(self) -> list[str]:
        """The arguments of pytest."""
        return [*self.files, *(f"--deselect={test}" for test in self.deselected)]

    def text(self) -> str:
        """Return what is run and what is not, as lines."""
        if not self.changed:
            return "Nothing has changed, so no test runs."
        lines = [f"Changed: {_listed(self.changed)}", f"Test files: {_listed(self.files)}"]
        if self.deselected:
            lines.append(f"Left out of them: {_listed_with_seconds(self.deselected)}")
        if self.left_out:
            lines.append(f"Left out: {_listed_with_seconds(self.left_out)}")
        if self.deselected or self.left_out:
            lines.append("All tests run with: python3 packaging/dev.py test")
        return "\n".join(lines)


def select(root: Path, seconds: float) -> Selection:
    """Select the tests of the checkout at `root` that its changes reach and that take at most `seconds` in all."""
    changed = changed_files(root)
    sources = {path: (root / path).read_text(encoding="utf-8") for path in _python_files(root)}
    distances = reached(changed, import_graph(sources, changed))
    return fitting(changed, nearest_first(changed, distances), recorded(root), seconds)


def changed_files(root: Path) -> list[str]:
    """Return the files that differ from HEAD, untracked ones too; if none does, those of the branch."""
    changed = _git(root, "diff", "--name-only", "--no-renames", "HEAD")
    changed += _git(root, "ls-files", "--others", "--exclude-standard")
    return sorted(changed) or sorted(_changed_on_branch(root))


def _changed_on_branch(root: Path) -> list[str]:
    for main in MAIN_BRANCHES:
        if _git(root, "rev-parse", "--verify", "--quiet", main):
            return _git(root, "diff", "--name-only", "--no-renames", f"{main}...HEAD")
    return []


def _python_files(root: Path) -> list[str]:
    listed = _git(root, "ls-files", "--cached", "--others", "--exclude-standard", "*.py")
    return sorted({path for path in listed if (root / path).is_file()})


def _git(root: Path, *arguments: str) -> list[str]:
    command = ["git", "-c", "core.quotePath=false", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, encoding="utf-8", check=False)
    return done.stdout.splitlines()


def import_graph(sources: Mapping[str, str], changed: Iterable[str]) -> dict[str, set[str]]:
    """Return the files that each file uses: by an import, or by a text that names a module or a changed data file."""
    modules = {name: path for path in sources for name in _module_names(path)}
    data = defaultdict(set)
    for path in set(changed) - sources.keys():
        for name in (path, PurePosixPath(path).name, PurePosixPath(path).parent.name):
            data[name].add(path)
    graph = {}
    for path, source in sources.items():
        used = {modules[name] for name in _modules(source) if name in modules}
        used = used.union(_conftests(path, sources), *(data.get(text, ()) for text in TEXT.findall(source)))
        graph[path] = used - {path}
    return graph


def _module_names(path: str) -> list[str]:
    """Return the names by which a file is imported; scripts in packaging/ import each other without the folder."""
    dotted = path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
    return [path, dotted, dotted.removeprefix("packaging.")]


def _modules(source: str) -> Iterator[str]:
    """Yield the names that may be modules in imports and texts, with those of the packages around them."""
    for module, symbols, modules in IMPORT.findall(source):
        names = WORD.findall(symbols or modules)
        for name in [f"{module}.{each}" for each in names] if module else names:
            yield from _with_packages(name)
    for text in TEXT.findall(source):
        yield from (name for name in _with_packages(text.partition(":")[0]) if "." in name)


def _with_packages(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]


def _conftests(path: str, sources: Mapping[str, str]) -> Iterator[str]:
    if path.startswith("tests/"):
        for folder in PurePosixPath(path).parents:
            if (name := f"{folder}/conftest.py") in sources:
                yield name


def reached(changed: Iterable[str], graph: Mapping[str, set[str]]) -> dict[str, int]:
    """Return the distance of each test file that reaches a change through imports."""
    users = defaultdict(set)
    for path, used in graph.items():
        for each in used:
            users[each].add(path)
    distances = dict.fromkeys(changed, 0)
    front = list(distances)
    while front:
        front = [user for path in front for user in sorted(users[path]) if _visit(user, distances, path)]
    if distances:
        distances |= {path: 1 for path in graph if path.startswith(ALWAYS) and distances.get(path, 2) > 1}
    return {path: distance for path, distance in distances.items() if path in graph and is_test_file(path)}


def _visit(path: str, distances: dict[str, int], before: str) -> bool:
    if path in distances:
        return False
    distances[path] = distances[before] + 1
    return True


def is_test_file(path: str) -> bool:
    """Tell whether pytest collects a file."""
    return path.startswith("tests/") and PurePosixPath(path).name.startswith("test_")


def nearest_first(changed: Iterable[str], distances: Mapping[str, int]) -> list[str]:
    """Return test files in order: changed ones, those that mirror a change, then by distance and folder."""
    mirrors = {_mirror(path) for path in changed}
    folders = {mirror.rpartition("/")[0] for mirror in mirrors}

    def rank(path: str) -> tuple[bool, int, bool, str]:
        mirrored = any(path.startswith(mirror) for mirror in mirrors)
        return not mirrored, distances[path], path.rpartition("/")[0] not in folders, path

    return sorted(distances, key=rank)


def _mirror(path: str) -> str:
    """Return how the test files of a file begin: "tests/worker/hub/test_download" of engine/worker/hub/download.py."""
    if path.startswith("tests/"):
        return path
    module = PurePosixPath(path.removeprefix("engine/") if path.startswith("engine/worker/") else path)
    return f"tests/{module.parent}/test_{module.stem}"


def recorded(root: Path) -> Durations:
    """Return the seconds of each test by its file, as the last run recorded them."""
    try:
        durations: dict[str, dict[str, float]] = json.loads((root / DURATIONS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return durations


def fitting(changed: list[str], ordered: Iterable[str], durations: Durations, seconds: float) -> Selection:
    """Select test files in order while there is time; of one that takes too long, its fast tests."""
    selection = Selection(changed)
    for path in ordered:
        tests, left = durations.get(path, {}), seconds - selection.seconds
        needed = sum(tests.values()) if tests else UNKNOWN_SECONDS
        slow = {} if needed <= left else _slowest(tests, needed - PARTIAL * left)
        if needed > left and len(slow) == len(tests):
            selection.left_out[path] = needed
            continue
        selection.files.append(path)
        selection.deselected.update({f"{path}::{test}": took for test, took in slow.items()})
        selection.seconds += needed - sum(slow.values())
    return selection


def _slowest(tests: Mapping[str, float], excess: float) -> dict[str, float]:
    """Return the slowest tests, as many as take `excess` seconds."""
    slowest: dict[str, float] = {}
    for test in sorted(tests, key=lambda each: -tests[each]):
        if sum(slowest.values()) >= excess:
            break
        slowest[test] = tests[test]
    return slowest


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return (", ".join(names[:SHOWN]) or "none") + more


def _listed_with_seconds(durations: Mapping[str, float]) -> str:
    return f"{_listed(durations)} (in all {sum(durations.values()):.0f} s)"
