"""Whatever is in a file, reading it ends in rows or in an error that names it."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import DataError
from engine.jobs.events import EventWriter
from engine.jobs.job import create_job
from engine.worker.runtime.channel import Channel
from tests.helpers.mutated_files import mutated, preview_and_read, seeds

SEEDS = seeds()


def require_rows_or_words(found: int | DataError) -> None:
    if isinstance(found, DataError):
        assert found.message
        assert found.field
        assert found.field.startswith("data.")


@pytest.mark.parametrize("name", SEEDS)
def test_sound_files_give_all_their_rows_and_damaged_ones_rows_or_a_named_error(name, tmp_path, channel):
    (tmp_path / name).write_bytes(SEEDS[name])
    assert preview_and_read(tmp_path / name, channel, "leave_out") in {1, 2, 12, 13, 24}
    # tests/benchmarks/reader_fuzz.py damages them a hundred thousand times.
    for seed in range(4):
        path = tmp_path / f"{seed}-{name}"
        path.write_bytes(mutated(SEEDS[name], random.Random(f"{name} {seed}")))
        require_rows_or_words(preview_and_read(path, channel, ("refuse", "leave_out")[seed % 2]))


# A process for each reading takes its time where others run.
@settings(max_examples=20)
@given(st.binary(max_size=200), st.sampled_from(sorted({f"a{Path(name).suffix}" for name in SEEDS})))
def test_any_bytes_under_any_name_end_in_rows_or_in_a_named_error(tmp_path_factory, content, name):
    folder = tmp_path_factory.mktemp("bytes")
    (folder / name).write_bytes(content)
    writer = EventWriter(folder / "events.jsonl", {})
    try:
        channel = Channel(create_job(folder, "check_data", {}), writer)
        require_rows_or_words(preview_and_read(folder / name, channel, "leave_out"))
    finally:
        writer.close()
