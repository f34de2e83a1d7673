"""Reads the files of a base model for what they hold: a fingerprint of them all, and values that are no numbers.

The fingerprint is a digest of every byte of the weights, the configuration, the tokenizer and the chat template. Each
file is read once for each state of it, and its values are looked at once for each content. Knows nothing of models.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from engine.adapters import import_checks
from engine.errors import AdapterError, BaseModelError, StorageError
from engine.messages import say
from engine.system import cache, file_hashes
from engine.system.foreign_files import FileKind, open_regular, read_bytes
from engine.worker.kernels.compat import logging
from engine.worker.runtime.channel import Channel

FIELD = "base_model.id"
HINT = "Download or copy the whole model again."
# Besides the weights: what transformers reads of a model's folder.
PARTS = re.compile(
    r"(config|generation_config|model\.safetensors\.index|tokenizer_config|special_tokens_map|added_tokens|tekken"
    r"|chat_template)\.json|chat_template\.jinja|tokenizer\.(json|model)|.*vocab.*\.(json|txt|bpe)|merges\.txt|dict\.txt"
    r"|bpe\.codes|(byte_maps|emoji|normalizer|word_pronunciation|word_shape|encoder)\.json"
    r"|.*\.(model|spm|tiktoken|tokenizer)"
)
MORE_TEMPLATES = "additional_chat_templates"
# Of each weight file an earlier version's fingerprint covers so much at both ends.
END_BYTES = 1 << 20


def fingerprint(folder: Path, name: str, channel: Channel) -> str:
    """Return the fingerprint of a model folder; the same files have the same one wherever they are.

    Before its "-" is that of earlier versions, by which their adapters know their base model. Raises BaseModelError for
    files that can't be read or weights that are no numbers, and Stopped.
    """
    try:
        weights = sorted(folder.glob("*.safetensors"))
        parts = [path for path in folder.iterdir() if PARTS.fullmatch(path.name) and path.is_file()]
        parts += (folder / MORE_TEMPLATES).glob("*.jinja")
        digests = _digests_of_weights(weights, name, channel)
        # Those are read whole; one that is too large for that is an OSError.
        contents = (
            (path.relative_to(folder).as_posix(), read_bytes(path, FileKind.TOKENIZER)) for path in parts
        )
        digests += [(name, hashlib.sha256(content).hexdigest()) for name, content in contents]
        ends = _ends(folder, weights)
    except OSError as error:
        file = Path(error.filename or folder).name
        message = say("{} of {} can't be read: {}.", file, name, error.strerror or error)
        raise BaseModelError(message, HINT, FIELD) from error
    whole = hashlib.sha256(repr(sorted(digests)).encode("utf-8", "surrogateescape"))
    return f"{ends}-{whole.hexdigest()}"


def is_of(recorded: str, own: str) -> bool:
    """Return whether a fingerprint in an adapter's metadata, by this version or an earlier one, is a model's."""
    return recorded in (own, own.partition("-")[0])


def _digests_of_weights(weights: Sequence[Path], name: str, channel: Channel) -> list[tuple[str, str]]:
    on_bytes = channel.reading(
        sum(path.stat().st_size for path in weights if file_hashes.at_once(path) is None)
    )
    digests = []
    for path in weights:
        digest = file_hashes.sha256(path, on_bytes)
        _require_numbers(path, digest, name, channel)
        digests.append((path.name, digest))
    return digests


def _require_numbers(path: Path, digest: str, name: str, channel: Channel) -> None:
    """Raise BaseModelError for weights with NaN or infinity, of which a model writes nothing."""
    mark = cache.place("finite", digest, "")
    if mark.exists():
        return
    try:
        wrong = import_checks.not_finite(path, lambda _: channel.check_stop())
    except AdapterError as error:
        raise BaseModelError(error.message, HINT, FIELD) from error
    if wrong:
        raise BaseModelError(
            say("{} has NaN or infinite values in {} of {}.", name, wrong[:100], path.name),
            HINT,
            FIELD,
        )
    # Without the mark they are looked at again.
    with suppress(OSError, StorageError):
        mark.touch()


def _ends(folder: Path, weights: Sequence[Path]) -> str:
    """Return the fingerprint of earlier versions: of the configuration and the ends of the weight files."""
    digest = hashlib.sha256()
    for path in sorted([*weights, folder / "config.json"]):
        size = path.stat().st_size
        digest.update(f"{path.name}:{size};".encode())
        with open_regular(path) as stream:
            digest.update(stream.read(END_BYTES))
            stream.seek(max(0, size - END_BYTES), os.SEEK_SET)
            digest.update(stream.read())
    return digest.hexdigest()[:16]


@contextmanager
def reading_reported(report: Callable[[int, int], None]) -> Iterator[None]:
    """Report how many weights transformers has read, of how many, instead of its bars; `report` may raise."""

    def bar(_: Any, arguments: tuple[Any, ...], options: dict[str, Any]) -> Iterator[Any]:
        weights = list(arguments[0] if arguments else options["iterable"])
        for done, weight in enumerate(weights):
            report(done, len(weights))
            yield weight
        report(len(weights), len(weights))

    before = logging.set_tqdm_hook(bar)
    try:
        yield
    finally:
        logging.set_tqdm_hook(before)
