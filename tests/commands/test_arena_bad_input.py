"""`arena run` where nothing can run: said with the reason, and no worker is started."""

from __future__ import annotations

import json
from pathlib import Path

from engine import arena as arenas
from engine.commands import cli
from engine.runs import run_store
from tests.helpers.arenas import FULL, score
from tests.helpers.homes import make_recipe


def own_data(tmp_path: Path) -> tuple[arenas.Arena, Path]:
    """Make an arena of two methods on a file."""
    source = tmp_path / "chats.csv"
    source.write_text("dialogue,summary\nAnn: Tea?,Tea.\n", encoding="utf-8")
    recipe = make_recipe("Own data", base="starter", source=str(source))
    return arenas.create(recipe, [{"method": {"id": each}} for each in ("lora", "ia3")]), source


def test_a_queue_whose_data_vanished_tells_each_entry_why(home, tmp_path, capsys):
    arena, source = own_data(tmp_path)
    source.unlink()
    assert cli.run(cli.parse(["arena", "run", arena.id])) == 2
    told = capsys.readouterr().out
    assert "0 of 2 entries completed, 2 refused." in told
    assert told.count(f"There is nothing at {source}.") == 2
    assert run_store.list_jobs() == []


def test_what_was_scored_before_its_data_vanished_stays_in_the_table(home, tmp_path, capsys):
    arena, source = own_data(tmp_path)
    score(arena, 0, FULL)
    source.unlink()
    assert cli.run(cli.parse(["--json", "arena", "run", arena.id])) == 0
    parsed = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert [each["state"] for each in parsed["entries"]] == ["completed", "refused"]
    assert len(parsed["groups"][0]["rows"]) == 1
