"""Bytes out of memory: the same from memory, from disk and from both, on a disk that takes all, a part, or nothing."""

import random

import pytest

from engine.worker.runtime import spill_file
from engine.worker.runtime.spill_file import FileSlice, SpillFile


class Disk:
    """A file that takes so many bytes and then raises as a full disk does."""

    def __init__(self, room):
        self.content = bytearray()
        self.room = room
        self.at = 0
        self.is_closed = False

    def seek(self, place):
        self.at = place

    def write(self, data):
        taken = min(len(data), self.room - len(self.content))
        if not taken:
            raise OSError(28, "No space left on device")
        assert self.at == len(self.content)
        self.content += data[:taken]
        return taken

    def read(self, size):
        return bytes(self.content[self.at : self.at + size])

    def close(self):
        self.is_closed = True


def filled(pieces):
    made = SpillFile()
    for piece in pieces:
        made.append(piece)
    return made


@pytest.mark.parametrize("room", [0, 1, 70, 64, 100, 1_000])
def test_bytes_are_the_same_wherever_they_are(monkeypatch, room):
    disk = Disk(room)
    monkeypatch.setattr(spill_file, "TAIL_BYTES", 32)
    monkeypatch.setattr(spill_file.tempfile, "TemporaryFile", lambda **_: disk)
    chance = random.Random(room)
    pieces = [bytes(chance.randrange(256) for _ in range(chance.randrange(20))) for _ in range(40)]
    whole = b"".join(pieces)

    made = filled(pieces)

    assert made.size == len(whole)
    for _ in range(200):
        start = chance.randrange(len(whole))
        size = chance.randrange(len(whole) - start + 1)
        assert made.read(start, size) == whole[start : start + size]
    assert bool(disk.content) == bool(room)
    del made
    assert disk.is_closed


def test_what_is_much_leaves_memory_and_what_is_little_meets_no_disk(monkeypatch):
    def none(**_):
        raise AssertionError

    monkeypatch.setattr(spill_file, "TAIL_BYTES", 1_000)
    little = filled([b"a" * 200])
    much = filled([b"a" * 200, b"b" * 900, b"c" * 7])
    monkeypatch.setattr(spill_file.tempfile, "TemporaryFile", none)

    assert little.read(199, 9) == b"a"
    assert len(much._tail) == 7
    assert much.read(1_099, 9) == b"b" + b"c" * 7


def test_bytes_of_a_file_begin_at_a_place(tmp_path):
    path = tmp_path / "a"
    path.write_bytes(b"0123456789")

    assert FileSlice(path, 4).read(2, 3) == b"678"
    assert FileSlice(path, 4).read(4, 30) == b"89"
