"""Unpacks a GGUF file into a model folder in the cache, once, in a sandbox.

transformers reads the file; what it leaves out is completed or refused (`gguf_metadata`). The folder is
an ordinary one: nothing that uses it knows where it comes from.
"""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

import torch
from transformers import (
    AutoConfig,
    AutoModelForCausalLM,
    GenerationConfig,
    GgufConfig,
    PretrainedConfig,
    PreTrainedModel,
)

from engine.config import gguf_models
from engine.errors import AppError, BaseModelError, DeviceError, StorageError, first_line
from engine.messages import say
from engine.system import file_hashes, gguf_header, sandbox
from engine.system.files import remove, rename, require_space, sync_directory, sync_tree
from engine.system.foreign_files import FileKind, open_regular, read_json
from engine.system.gguf_header import GgufHeader
from engine.system.locks import try_lock
from engine.system.paths import gguf_folder
from engine.system.sandbox import LimitError, Limits
from engine.system.units import size
from engine.worker.modeling import base_files, gguf_metadata
from engine.worker.modeling.gguf_metadata import FIELD, unusable
from engine.worker.runtime import devices
from engine.worker.runtime.channel import Channel, Stopped

FILE = "model.gguf"
# The vocabulary takes some 100 times its bytes while the library reads it, and the weights lie twice in memory.
BASE_BYTES, HEADER_RATIO, WEIGHTS_RATIO = 2 << 30, 200, 3
# A CPU of today unpacks some 20 million values a second.
BASE_SECONDS, VALUES_PER_SECOND = 240, 1_000_000
TICK_SECONDS = 0.1
SPACE_BESIDE = 64 << 20
LICENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,60}")
# transformers writes it into a configuration, and a model would no longer be known after an update.
LEFT_OUT = {"transformers_version", "quantization_config", "_name_or_path", "_model_name_or_path"}

Progress = tuple[int, int]
"""How many tensors are read, of how many."""


def folder_of(path: Path, channel: Channel) -> Path:
    """Return the model folder of a GGUF file, unpacked if it is not yet.

    Raises BaseModelError, StorageError, DeviceError where the memory does not suffice, and Stopped.
    """
    there = gguf_models.unpacked_folder(path)
    if there is None:
        digest = _digest(path, channel)
        there = gguf_models.place(digest)
        with _locked(there, channel):
            # Another file may be the same, or another process may have unpacked it just now.
            if not (there / gguf_models.SOURCE).is_file():
                _unpack(path, there, channel)
                remove(gguf_models.outline_place(digest))
    # Without it the folder is found as long as the file is there.
    with suppress(OSError):
        gguf_models.remember(there, path)
    return there


def outline_of(path: Path, channel: Channel) -> Path:
    """Return a folder with the configuration and the tokenizer of a GGUF file, and the weights if it is unpacked.

    Raises what `folder_of` raises.
    """
    unpacked = gguf_models.unpacked_folder(path)
    if unpacked is not None:
        return unpacked
    digest = _digest(path, channel)
    if (gguf_models.place(digest) / gguf_models.SOURCE).is_file():
        return gguf_models.place(digest)
    outline = gguf_models.outline_place(digest)
    with _locked(outline, channel):
        if not outline.is_dir():
            _make(path, gguf_header.read(path), outline, channel, with_weights=False)
    return outline


def _digest(path: Path, channel: Channel) -> str:
    """Return the SHA-256 of a file that can be read as a model. Raises BaseModelError, Stopped."""
    problem = gguf_models.problem(path)
    if problem is not None:
        raise BaseModelError(problem.message, problem.hint, problem.field)
    try:
        return file_hashes.sha256(path, channel.reading(path.stat().st_size))
    except OSError as error:
        raise unusable(path, error.strerror or str(error)) from error


@contextmanager
def _locked(folder: Path, channel: Channel) -> Iterator[None]:
    """Hold the lock on what a folder is made from, as soon as no other process does."""
    with open_regular(folder.with_suffix(".lock"), "ab") as stream:
        while not try_lock(stream):
            channel.check_stop()
            time.sleep(TICK_SECONDS)
        yield


def _unpack(path: Path, folder: Path, channel: Channel) -> None:
    header = gguf_header.read(path)
    _require_room(path, header)
    channel.notice(*gguf_models.announcement(path))
    splitting = gguf_metadata.unknown_splitting(header)
    if splitting:
        channel.notice(
            say("{} splits text unusually ({}).", path.name, splitting[:40]),
            "Some words may be tokenized differently.",
            "warning",
        )
    _make(path, header, folder, channel, with_weights=True)


def _make(path: Path, header: GgufHeader, folder: Path, channel: Channel, *, with_weights: bool) -> None:
    """Make the folder of a file, whole or not at all. The file's lock is held."""
    partial_folder = folder.with_suffix(".partial")
    made = partial_folder / "made"
    # A process that was killed may have left one.
    remove(partial_folder)
    try:
        partial_folder.mkdir()
        _convert_sandboxed(path, header, made, channel, with_weights=with_weights)
        if with_weights:
            gguf_models.remember(made, path)
        sync_tree(made)
        rename(made, folder)
        sync_directory(folder.parent)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise unusable(path, error.strerror or str(error)) from error
        message = say("The disk is full: {} can't be unpacked to {}.", path.name, gguf_folder())
        hint = "Free some space, or set TUNESMITH_HOME to another disk."
        raise StorageError(message, hint, FIELD) from error
    finally:
        remove(partial_folder)


def _require_room(path: Path, header: GgufHeader) -> None:
    """Raise StorageError or DeviceError where disk or memory don't suffice."""
    needed = gguf_models.unpacked_bytes(header)
    hint = "Free some space, or set TUNESMITH_HOME to another disk."
    require_space(gguf_folder(), needed + SPACE_BESIDE, path.name, hint, FIELD)
    available = devices.available_bytes(torch.device("cpu"))
    if available < needed:
        raise DeviceError(
            say("Unpacking {} needs {} of memory; {} are free.", path.name, size(needed), size(available)),
            "Close other programs, or choose a smaller model.",
            FIELD,
        )


def _convert_sandboxed(
    path: Path, header: GgufHeader, target: Path, channel: Channel, *, with_weights: bool
) -> None:
    """Convert a file in a sandbox, which ends when the job is stopped."""
    memory = (
        BASE_BYTES + HEADER_RATIO * header.data_start + WEIGHTS_RATIO * gguf_models.unpacked_bytes(header)
    )
    memory += 4 * 4 * max(tensor.values for tensor in header.tensors)
    seconds = BASE_SECONDS + header.parameters // VALUES_PER_SECOND
    limits = Limits(memory, seconds, for_all_results=True)
    work = partial(_reported, partial(_convert, path.absolute(), header, target, with_weights))
    try:
        # transformers reads these files by torch alone.
        with closing(sandbox.results(work, limits, with_torch=True)) as ticks:
            for done, total in ticks:
                channel.check_stop()
                if total:
                    channel.progress(done, total, "weights")
    except LimitError as error:
        raise unusable(path, str(error)) from error
    except (AppError, OSError, Stopped):
        raise
    except Exception as error:
        raise unusable(path, first_line(error).rstrip(".")) from error


def _reported(convert: Callable[[Callable[[int, int], None]], None]) -> Iterator[Progress]:
    """Convert in a thread, and yield how far it is while it lasts. Raises what it raises."""
    reached: list[Progress] = [(0, 0)]

    def report(done: int, total: int) -> None:
        reached[0] = (done, total)

    with ThreadPoolExecutor(1) as pool:
        converted: Future[None] = pool.submit(convert, report)
        ended = threading.Event()
        converted.add_done_callback(lambda _: ended.set())
        while not ended.wait(TICK_SECONDS):
            yield reached[0]
        converted.result()


def _convert(
    path: Path, header: GgufHeader, target: Path, with_weights: bool, report: Callable[[int, int], None]
) -> None:
    """Write the model folder of a file, or only what describes the model."""
    target.mkdir()
    alone = target.with_name("alone")
    alone.mkdir()
    # The library would also read what lies beside the file, and goes by its name.
    _link(path, alone / FILE)
    tokenizer = gguf_metadata.read_tokenizer(alone, FILE, header, path.name)
    config = AutoConfig.from_pretrained(alone, gguf_file=FILE, trust_remote_code=False, local_files_only=True)
    gguf_metadata.complete_config(config, header, path)
    config.save_pretrained(target)
    # Which class reads it from there depends on the model's kind.
    gguf_metadata.save_tokenizer(tokenizer, target, path.name)
    if not with_weights:
        return
    model = _read(alone, config, path, header, report)
    model.generation_config = GenerationConfig(
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=gguf_metadata.end_tokens(header),
        pad_token_id=tokenizer.pad_token_id,
    )
    model.save_pretrained(target)
    licence = header.text("general.license")
    if LICENCE.fullmatch(licence):
        # Where model folders have it.
        (target / "README.md").write_text(f"---\nlicense: {licence}\n---\n", encoding="utf-8")
    described = read_json(target / "config.json", FileKind.MODEL_CONFIG)
    kept = {key: value for key, value in described.items() if key not in LEFT_OUT}
    (target / "config.json").write_text(json.dumps(kept, indent=2), encoding="utf-8")


def _link(path: Path, link: Path) -> None:
    """Make a file known by another name. Raises OSError."""
    for make in (os.symlink, os.link):
        with suppress(OSError):
            make(path.resolve(), link)
            return
    shutil.copyfile(path, link)


def _read(
    folder: Path, config: PretrainedConfig, path: Path, header: GgufHeader, report: Callable[[int, int], None]
) -> PreTrainedModel:
    """Return the model of a file, in plain layers. Raises BaseModelError unless all of the file is in it."""
    dtype: torch.dtype = getattr(torch, gguf_models.precision(header))
    with base_files.reading_reported(report):
        read, loading = AutoModelForCausalLM.from_pretrained(
            folder,
            gguf_file=FILE,
            config=config,
            dtype=dtype,
            trust_remote_code=False,
            local_files_only=True,
            quantization_config=GgufConfig(dequantize=True),
            output_loading_info=True,
        )
    lacking = sorted(loading["missing_keys"])
    if lacking:
        raise unusable(path, say("{:,} weights are missing, {} first", len(lacking), lacking[0]))
    # What was read from a GGUF file can't be saved.
    with torch.device("meta"):
        model: PreTrainedModel = AutoModelForCausalLM.from_config(
            config, dtype=dtype, trust_remote_code=False
        )
    model.load_state_dict(read.state_dict(), assign=True)
    model.tie_weights()
    _require_all_of(header, model, path)
    return model


def _require_all_of(header: GgufHeader, model: PreTrainedModel, path: Path) -> None:
    """Raise BaseModelError if weights of the file are in no layer, or are no numbers."""
    # A head that repeats the embedding is stored by some and left to the model by others.
    is_tied = model.config.tie_word_embeddings
    skipped = {gguf_metadata.STRETCHED, *(("output.weight",) if is_tied else ())}
    stored = sum(tensor.values for tensor in header.tensors if tensor.name not in skipped)
    there = sum(parameter.numel() for parameter in model.parameters())
    if stored != there:
        raise unusable(path, say("the model uses {:,} of its {:,} weights", there, stored))
    for name, parameter in model.named_parameters():
        if not bool(torch.isfinite(parameter).all()):
            raise unusable(path, say("{} contains NaN values", name))
