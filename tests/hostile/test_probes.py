"""Every kind of file that others may have written, with kinds of trouble in turn, ends in a result or a named error.

`dev.py bench hostile` takes each kind with each trouble, bombs, and long texts.
"""

import shutil

import pytest

from engine.system.paths import adapters_folder, runs_folder
from tests.helpers import hostile_probes
from tests.helpers.hostile_probes import NAMED, RESULT, TROUBLES
from tests.helpers.systems import special_files

pytestmark = [pytest.mark.torch, special_files]
# These take seconds of reading, whoever reads them.
LONG = {"4 GB of nothing", "a million lines", "a line of 5 MB"}
SHORT = [name for name in TROUBLES if name not in LONG]
# Each kind of file gets every so many-th trouble, the next kind the ones after them.
EVERY = 66
KINDS = hostile_probes.kinds()


def troubles_of(number):
    return SHORT[number % EVERY :: EVERY]


def test_every_trouble_comes_with_some_kind():
    assert {name for number in range(len(KINDS)) for name in troubles_of(number)} == set(SHORT)


@pytest.mark.parametrize("number", range(len(KINDS)), ids=[kind.name for kind in KINDS])
def test_a_kind_of_file_ends_in_a_result_or_a_named_error(number, home, tmp_path):
    for trouble in troubles_of(number):
        probe = hostile_probes.with_trouble(KINDS[number], trouble)
        end = hostile_probes.outcome(probe, home, tmp_path / "theirs")
        assert end.partition(":")[0] in {RESULT, NAMED}, f"{probe.name}: {end}"


@pytest.mark.parametrize("trouble", ["a pipe", "a link to itself", "lists without an end", "zeros"])
@pytest.mark.parametrize("name", ["library adapter.toml", "runs events.jsonl"])
def test_one_damaged_entry_leaves_the_others_listed(home, tmp_path, name, trouble):
    [kind] = [kind for kind in KINDS if kind.name == name]
    command = hostile_probes.laid_out(hostile_probes.with_trouble(kind, trouble), tmp_path / "theirs")
    entries = [path.name for folder in (runs_folder(), adapters_folder()) for path in folder.iterdir()]
    sound = [name for name in entries if "sound" in name]
    assert len(sound) == 1
    assert sound[0].split("-")[-1] in hostile_probes.said(home, command)
    shutil.rmtree(tmp_path / "theirs")
