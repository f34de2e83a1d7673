"""Nothing outside Tunesmith's own folders is removed or changed, whatever names and links its commands are given."""

import io
import json
import shutil
import tempfile
from contextlib import redirect_stderr, redirect_stdout, suppress

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from engine import arena as arenas
from engine.adapters import trash
from engine.adapters.metadata import AdapterMetadata
from engine.arena import entries
from engine.arena.entries import ArenaFile, Entry
from engine.commands import cli
from engine.errors import AppError, StorageError
from engine.jobs.job import Job
from engine.maintenance import disk_usage
from engine.runs import run_store
from engine.system import paths
from tests.helpers.arenas import make_arena
from tests.helpers.homes import RunSpec, add_adapter, add_checkpoint, add_run, write_peft_files

LINK = "linked"


def command(*arguments):
    """Carry out a command in this process; return its exit code and what it said."""
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        try:
            return cli.run(cli.parse(arguments)), said.getvalue()
        except SystemExit as error:
            return int(error.code or 0), said.getvalue()


def snapshot(folder):
    """Return every name below a folder, and what stands in it."""
    return {
        path.relative_to(folder).as_posix(): path.readlink()
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else None
        for path in folder.rglob("*")
    }


@pytest.fixture
def outer(tmp_path, home, monkeypatch):
    """A person's own folder beside the home: an adapter, a run and an arena of theirs, and other work of theirs."""
    folder = home.parent / "theirs"
    for name in ("adapter", "papers"):
        (folder / name).mkdir(parents=True)
        (folder / name / "thesis.txt").write_text("three years", encoding="utf-8")
    write_peft_files(folder / "adapter")
    run, arena = add_run(spec=RunSpec(checkpoint_at=3)), make_arena("lora")
    made = add_adapter("made", training={"run": run.id})
    shutil.move(run.folder, folder / "run")
    shutil.move(arena.folder, folder / "arena")
    shutil.move(made.folder, folder / "made")
    monkeypatch.chdir(folder / "adapter")
    return folder


def test_an_adapter_outside_the_library_is_not_deleted(outer):
    before = snapshot(outer)
    for named in (str(outer / "adapter"), ".", "../adapter", str(outer / "made")):
        code, said = command("adapters", "delete", named, "--json")
        [problem] = json.loads(said)["problems"]
        assert (code, problem["field"]) == (2, "adapter")
        assert str(outer) in problem["message"]
        assert "only what is in its library" in problem["hint"]
    assert snapshot(outer) == before
    assert trash.trashed_folders() == []


def test_only_a_places_own_folders_go_to_the_trash(outer):
    before = snapshot(outer)
    place = paths.runs_folder()
    for folder in (outer / "run", place / "..", place / "../../theirs/run", place, outer):
        with pytest.raises(StorageError, match="is not in"):
            trash.to_trash(folder, place, "run")
    with pytest.raises(StorageError, match="is not in"):
        run_store.delete_run(Job(outer / "run"))
    with pytest.raises(StorageError, match="is not in"):
        arenas.delete(arenas.open_arena(outer / "arena"))
    # The lock of its queue has been taken.
    assert snapshot(outer).items() >= before.items()


def links(outer):
    """Lay links to the person's folders where Tunesmith has its own; return the places."""
    trashed = paths.trash_folder()
    laid = {
        paths.adapters_folder() / LINK: outer / "made",
        paths.runs_folder() / LINK: outer / "run",
        paths.arenas_folder() / LINK: outer / "arena",
        trashed / f"1700000000000000001~{LINK}": outer / "made",
        trashed / "1700000000000000002~thesis": outer / "papers",
        trashed / "1700000000000000003~..": outer / "run",
        trashed / "1700000000000000004~.": outer / "arena",
        trashed / "1700000000000000005~": outer / "adapter",
    }
    for link, target in laid.items():
        with suppress(FileExistsError):
            link.symlink_to(target)
    return list(laid)


def test_a_link_in_the_library_goes_to_the_trash_and_back_without_its_target(outer):
    before = snapshot(outer)
    links(outer)
    trash.empty_old_trash(0)
    own = paths.adapters_folder() / LINK
    assert command("adapters", "delete", LINK)[0] == 0
    assert not own.is_symlink()
    assert command("trash", "restore", LINK)[0] == 0
    assert own.readlink() == outer / "made"
    assert command("adapters", "delete", str(own))[0] == 0
    assert command("trash", "delete", LINK)[0] == 0
    assert trash.trashed_folders() == []
    assert snapshot(outer) == before


def test_cleaning_up_spares_linked_runs_and_what_a_person_put_into_a_run(outer):
    links(outer)
    run = add_run()
    add_checkpoint(run, 3)
    add_adapter("own", training={"run": run.id})
    add_adapter("of the link", training={"run": LINK})
    (run.folder / "best-2").mkdir()
    (run.folder / "best-notes").mkdir()
    (run.folder / "best-notes" / "thesis.txt").write_text("three years", encoding="utf-8")
    (paths.results_folder() / "theirs").symlink_to(outer / "papers")
    before, kept = snapshot(outer), snapshot(run.folder / "best-notes")
    found = disk_usage.freeable()
    assert {path.name for path in found.checkpoints} == {"checkpoint-3", "best-2"}
    disk_usage.free(found)
    assert run_store.checkpoints(run) == []
    assert snapshot(outer) == before
    assert snapshot(run.folder / "best-notes") == kept


@pytest.mark.parametrize("name", ["../../../theirs/run", "..", "a/b", "/", "nul\0"])
def test_an_arena_or_adapter_of_others_names_no_folder_elsewhere(outer, name):
    entry = Entry.model_construct(id="lora", title="LoRA", run=name)
    for wrong in (entry, entry.model_copy(update={"id": name, "run": ""})):
        file = ArenaFile.model_construct(schema_=1, name="gift", made_at="", entries=[wrong])
        entries.write(outer / "arena", file)
        with pytest.raises(AppError, match="can't be read"):
            arenas.find(str(outer / "arena"))
    facts = add_adapter("made").metadata.model_dump(by_alias=True)
    for changed in ({"id": name}, {"training": {"run": name}}):
        with pytest.raises(ValueError, match="not a valid folder name"):
            AdapterMetadata.model_validate(facts | changed)


PIECES = st.sampled_from(
    [".", "..", "", "~", "theirs", "adapter", "papers", "run", "arena", "made", LINK, "own", "adapters", "home",
     "runs", "checkpoint-3", "thesis.txt", "*", "\\", "%2e%2e", "...", " ", "1700000000000000003~..", "ä", "-"]
)  # fmt: skip
NAMES = st.tuples(st.sampled_from(["", "/", "{outer}/", "{home}/", "./"]), st.lists(PIECES, max_size=5)).map(
    lambda parts: parts[0] + "/".join(parts[1])
)


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(NAMES)
@example("")
@example(".")
@example("..")
@example("../made")
@example("{outer}/adapter")
@example("{outer}/made")
@example("{home}/adapters/linked")
@example("{home}/adapters/../../theirs/made")
@example("linked/../../../theirs/made")
def test_no_name_leads_a_command_out_of_its_folder(outer, home, name):
    name = name.format(outer=outer, home=home)
    # An argument that begins with a hyphen is an option.
    given_name = name if not name.startswith("-") else f"./{name}"
    before = snapshot(outer)
    links(outer)
    with tempfile.TemporaryDirectory(dir=home.parent) as written:
        for words in (
            ("adapters", "show", given_name),
            ("adapters", "export", given_name, f"{written}/folder"),
            ("adapters", "export", given_name, f"{written}/packed.zip"),
            ("runs", "report", given_name, "--out", f"{written}/run.json"),
            ("arena", "show", given_name),
            ("arena", "report", given_name, "--out", f"{written}/arena.json"),
            ("trash", "restore", given_name),
            ("trash", "delete", given_name),
            ("adapters", "delete", given_name),
            ("trash", "empty"),
        ):
            command(*words)
    disk_usage.free(disk_usage.freeable())
    assert snapshot(outer) == before
    assert {path.name for path in home.parent.iterdir()} == {"home", "theirs"}
    assert all(
        folder.is_dir() for folder in (paths.adapters_folder(), paths.runs_folder(), paths.arenas_folder())
    )
    assert list(paths.trash_folder().iterdir()) == []
