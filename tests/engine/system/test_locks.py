import errno

import filelock
import pytest

from engine.errors import StorageError
from engine.system import locks


def test_one_has_the_lock_at_a_time(tmp_path):
    with locks.held(tmp_path / "lock") as first, locks.held(tmp_path / "lock") as second:
        assert (first, second) == (True, False)
    with (
        locks.locked_file(tmp_path / "lock", "The list"),
        pytest.raises(StorageError, match="The list is open"),
    ):
        locks.locked_file(tmp_path / "lock", "The list")


def test_a_disk_without_locks_is_named_and_not_taken_for_one_in_use(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(filelock, "lock_descriptor", refuse)
    with pytest.raises(StorageError, match=r"has no locks: No locks available") as caught:
        locks.locked_file(tmp_path / "lock", "The list")
    assert "TUNESMITH_HOME" in caught.value.hint
