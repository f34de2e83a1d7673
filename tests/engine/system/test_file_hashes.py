import hashlib
import json
import os
import shutil
from pathlib import Path

import pytest

from engine.system import file_hashes
from engine.system.paths import results_folder

LARGE = file_hashes.SMALL_BYTES + 1000


def right(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def bytes_read(path: Path) -> int:
    counts: list[int] = []
    assert file_hashes.sha256(path, counts.append) == right(path)
    return sum(counts)


@pytest.fixture
def large(tmp_path):
    path = tmp_path / "model.safetensors"
    path.write_bytes(os.urandom(LARGE))
    return path


def test_a_large_file_is_read_once_under_any_of_its_names(large, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(large)
    assert file_hashes.at_once(large) is None
    assert [bytes_read(large), bytes_read(large), bytes_read(link)] == [LARGE, 0, 0]
    assert file_hashes.at_once(large) == right(large)


def test_of_a_small_file_nothing_is_remembered(tmp_path):
    path = tmp_path / "config.json"
    path.write_text("{}")
    assert file_hashes.at_once(path) == right(path)
    assert [bytes_read(path), bytes_read(path)] == [2, 2]
    assert not list(results_folder().iterdir())


@pytest.mark.parametrize("way", ["in place", "replaced", "copied over"])
def test_other_content_of_the_same_size_and_time_is_noticed(large, tmp_path, way):
    bytes_read(large)
    before, content = large.stat(), bytearray(large.read_bytes())
    content[LARGE // 2] ^= 1
    other = tmp_path / "other"
    other.write_bytes(content)
    if way == "in place":
        large.write_bytes(content)
    elif way == "replaced":
        other.replace(large)
    else:
        shutil.copyfile(other, large)
    os.utime(large, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (large.stat().st_size, large.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert file_hashes.at_once(large) is None
    assert bytes_read(large) == LARGE


def _changed(**values: object):
    return lambda place: place.write_text(json.dumps(json.loads(place.read_text()) | values))


@pytest.mark.parametrize(
    "damage",
    [
        lambda place: place.write_bytes(b"\xff\xfe"),
        lambda place: place.write_text("[" * 100_000),
        lambda place: place.write_text("[]"),
        _changed(sha256="0" * 63),
        _changed(sha256="../../../etc"),
        _changed(state=[1, 2, 3, 4]),
        _changed(more=1),
    ],
)
def test_what_is_remembered_and_damaged_counts_as_absent(large, damage):
    bytes_read(large)
    [place] = results_folder().iterdir()
    damage(place)
    assert file_hashes.at_once(large) is None
    assert bytes_read(large) == LARGE


def test_a_file_that_changes_while_it_is_read_is_read_again(large):
    counts: list[int] = []

    def grow(count: int) -> None:
        counts.append(count)
        if len(counts) == 1:
            with large.open("ab") as stream:
                stream.write(b"more")

    file_hashes.sha256(large, grow)
    assert file_hashes.at_once(large) is None
