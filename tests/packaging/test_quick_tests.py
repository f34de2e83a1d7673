import json
import subprocess
from types import SimpleNamespace
from unittest.mock import Mock

import execnet
import pytest
import quick_tests

SOURCES = {
    ".gitignore": ".pytest_cache/",
    "main.py": "from engine.commands.cli import run",
    "engine/__init__.py": "",
    "engine/commands/__init__.py": "",
    "engine/commands/cli.py": "from engine import units\nfrom engine.text import (\n    chunks,  # parts\n)",
    "engine/text/__init__.py": "",
    "engine/text/chunks.py": "",
    "engine/units.py": "",
    "engine/worker/__init__.py": "",
    "engine/worker/hub/__init__.py": "",
    "engine/worker/hub/download.py": "import engine.units as units",
    "engine/worker/jobs.py": 'JOBS = {"fetch": "engine.worker.hub.download:run"}',
    "packaging/dev.py": "import environment",
    "packaging/environment.py": "",
    "tests/conftest.py": "",
    "tests/architecture/test_contracts.py": "",
    "tests/engine/text/test_chunks.py": "from engine.text.chunks import cut",
    "tests/engine/text/test_chunks_at_the_end.py": "",
    "tests/engine/test_units.py": "def test():\n    from engine.units import as_text",
    "tests/commands/conftest.py": "from engine.commands import cli",
    "tests/commands/test_cli.py": "",
    "tests/end_to_end/test_start.py": 'MAIN = "main.py"',
    "tests/packaging/test_dev.py": "import dev",
    "tests/worker/hub/test_download.py": "from engine.worker.hub import download",
    "tests/worker/test_jobs.py": "from engine.worker.jobs import JOBS",
}
ALWAYS = "tests/architecture/test_contracts.py"


def distances_of(*changed, more=()):
    sources = {path: text for path, text in (SOURCES | dict(more)).items() if path.endswith(".py")}
    found = quick_tests.reached(changed, quick_tests.import_graph(sources, changed))
    assert found.pop(ALWAYS) <= 1
    return found


def git(root, *arguments):
    identity = ("-c", "user.name=A", "-c", "user.email=a@b")
    subprocess.run(["git", *identity, *arguments], cwd=root, check=True, capture_output=True)


@pytest.fixture
def checkout(tmp_path):
    """Return a repository with one commit."""
    for path, text in SOURCES.items():
        file = tmp_path / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    git(tmp_path, "init", "--initial-branch=main")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--message=first")
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "tests"),
    [
        (
            "engine/units.py",
            {
                "tests/engine/test_units.py": 1,
                "tests/worker/hub/test_download.py": 2,
                "tests/worker/test_jobs.py": 3,
                "tests/commands/test_cli.py": 3,
                "tests/end_to_end/test_start.py": 3,
            },
        ),
        ("packaging/environment.py", {"tests/packaging/test_dev.py": 2}),
        ("tests/commands/conftest.py", {"tests/commands/test_cli.py": 1}),
        ("tests/engine/test_units.py", {"tests/engine/test_units.py": 0}),
    ],
)
def test_a_change_reaches_tests_through_imports_late_ones_too(changed, tests):
    assert distances_of(changed) == tests


def test_a_data_file_reaches_what_names_it_or_its_folder():
    named = {
        "tests/engine/test_a.py": 'open(ROOT / "recipes" / f"{name}.toml")',
        "tests/engine/test_b.py": "read('starter.toml')",
        "tests/engine/test_c.py": "starter = 1",
    }
    found = distances_of("resources/recipes/starter.toml", more=named)
    assert found == {"tests/engine/test_a.py": 1, "tests/engine/test_b.py": 1}


@pytest.mark.parametrize(
    ("changed", "first"),
    [
        ("engine/worker/hub/download.py", "tests/worker/hub/test_download.py"),
        ("engine/text/chunks.py", "tests/engine/text/test_chunks.py"),
        ("packaging/dev.py", "tests/packaging/test_dev.py"),
        ("tests/worker/test_jobs.py", "tests/worker/test_jobs.py"),
    ],
)
def test_the_mirroring_test_comes_first(changed, first):
    far = {"tests/a/test_z.py": 1, first: 2, "tests/b/test_z.py": 1}
    assert quick_tests.nearest_first([changed], far)[0] == first


def test_of_a_file_that_takes_too_long_the_fast_tests_run():
    durations = {"near": {"slow": 30.0, "fast": 1.0, "medium": 3.0}, "far": {"test": 5.0}}
    selection = quick_tests.fitting(["change"], durations, durations, seconds=10.0)
    assert selection.arguments == ["near", "far", "--deselect=near::slow"]
    assert selection.seconds == 9.0


def test_what_is_left_out_is_named_with_its_time_and_the_way_to_all():
    selection = quick_tests.Selection(
        ["engine/units.py"], ["a"], deselected={"a::slow": 20.0}, left_out={"b": 30.0, "c": 12.0}
    )
    assert selection.text().splitlines() == [
        "Changed: engine/units.py",
        "Test files: a",
        "Left out of them: a::slow (in all 20 s)",
        "Left out: b, c (in all 42 s)",
        "All tests run with: python3 packaging/dev.py test",
    ]


def test_without_a_change_nothing_is_selected(checkout):
    selection = quick_tests.select(checkout, 10.0)
    assert (selection.arguments, selection.text()) == ([], "Nothing has changed, so no test runs.")


def test_changes_are_those_against_the_last_commit_untracked_and_removed_files_too(checkout):
    (checkout / "engine" / "units.py").write_text("SIZE = 1", encoding="utf-8")
    (checkout / "engine" / "new.py").write_text("", encoding="utf-8")
    (checkout / "engine" / "text" / "chunks.py").unlink()
    assert quick_tests.changed_files(checkout) == [
        "engine/new.py", "engine/text/chunks.py", "engine/units.py",
    ]  # fmt: skip


def test_else_they_are_those_of_the_branch(checkout):
    git(checkout, "checkout", "-b", "feature")
    (checkout / "engine" / "units.py").write_text("SIZE = 1", encoding="utf-8")
    git(checkout, "commit", "--all", "--message=second")
    assert quick_tests.changed_files(checkout) == ["engine/units.py"]


def test_a_changed_module_selects_its_test_by_the_recorded_time(checkout):
    (checkout / "engine" / "worker" / "hub" / "download.py").write_text("import os", encoding="utf-8")
    record = checkout / quick_tests.DURATIONS
    record.parent.mkdir(parents=True)
    durations = {"tests/worker/hub/test_download.py": {"test_a": 1.0, "test_b": 8.0}, ALWAYS: {"test": 0.5}}
    record.write_text(json.dumps(durations), encoding="utf-8")
    selection = quick_tests.select(checkout, 5.0)
    assert selection.changed == ["engine/worker/hub/download.py"]
    assert selection.files == ["tests/worker/hub/test_download.py", ALWAYS, "tests/worker/test_jobs.py"]
    assert selection.deselected == {"tests/worker/hub/test_download.py::test_b": 8.0}


def test_a_test_run_records_where_the_selection_reads(request):
    conftest = request.config.pluginmanager.get_plugin(str(request.config.rootpath / "tests" / "conftest.py"))
    cached = request.config.cache._cachedir / "v" / conftest.DURATIONS
    assert cached == request.config.rootpath / quick_tests.DURATIONS


@pytest.mark.parametrize(
    ("options", "changed", "kept"),
    [
        ({}, [], ["quick", "first"]),
        ({"slow": True}, [], ["quick", "first", "slow"]),
        ({"named": True}, [], ["quick", "first", "slow"]),
        ({"named": True, "quick": True}, [], ["quick", "first"]),
        ({}, ["engine/cluster/job_store.py"], ["quick", "first", "slow"]),
        ({}, ["engine/clusters.py"], ["quick", "first"]),
    ],
)
def test_slow_tests_run_when_they_are_wanted(request, monkeypatch, options, changed, kept):
    conftest = request.config.pluginmanager.get_plugin(str(request.config.rootpath / "tests" / "conftest.py"))
    monkeypatch.setattr(quick_tests, "changed_files", lambda _root: changed)
    source = pytest.Config.ArgsSource
    config = SimpleNamespace(
        args_source=source.ARGS if options.get("named") else source.TESTPATHS,
        getoption=lambda name: options.get(name, False),
        rootpath=request.config.rootpath,
        hook=SimpleNamespace(pytest_deselected=lambda *, items: None),
    )
    mark = pytest.mark.slow("engine/cluster/", quick=1).mark
    names = {Mock(get_closest_marker=lambda _: None): "quick"}
    for case in ("first", "slow"):
        names[Mock(get_closest_marker=lambda _: mark, nodeid=f"a.py::test[{case}]")] = case
    items = list(names)
    conftest.pytest_collection_modifyitems(config, items)
    assert [names[item] for item in items] == kept


def test_a_failure_that_quotes_half_a_character_can_be_sent_to_the_process_that_reports_it(request):
    report = pytest.TestReport("a.py::test", ("a.py", 1, "test"), {}, "failed", "quotes \udcff", "call")
    report.sections = [("Captured stdout", "prints \ud800 and ü")]
    data = request.config.hook.pytest_report_to_serializable(config=request.config, report=report)
    sent = execnet.loads(execnet.dumps(data))
    assert (sent["longrepr"], sent["sections"]) == (
        "quotes \\udcff",
        [("Captured stdout", "prints \\ud800 and ü")],
    )
    # pytest sums up skips by their place, a tuple.
    skip = pytest.TestReport(
        "a.py::test", ("a.py", 1, "test"), {}, "skipped", ("a.py", 1, "no \udcff"), "setup"
    )
    data = request.config.hook.pytest_report_to_serializable(config=request.config, report=skip)
    assert execnet.loads(execnet.dumps(data))["longrepr"] == ("a.py", 1, "no \\udcff")
