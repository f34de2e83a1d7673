"""Which packages Tunesmith is made of, and under which licences: read from what is installed, never listed by hand."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

PRODUCT = "tunesmith"
UNKNOWN = "not named"
# What a licence is called in one line; some packages write the whole text there.
SHORT = 60
LICENCE_FILE = re.compile(r"(?:LICEN[CS]E|COPYING|NOTICE|EULA)[\w.-]*$", re.IGNORECASE)
MAX_CHARACTERS = 40_000


@dataclass(frozen=True)
class Package:
    """An installed package, what it says of its licence, and the files with the licence's words."""

    name: str
    version: str
    licence: str
    summary: str
    files: tuple[Path, ...]

    def text(self) -> str:
        """Return the words of the licence, cut where they are very long; "" if the package brings none."""
        texts = []
        for file in self.files:
            with suppress(OSError):
                texts.append(file.read_text(encoding="utf-8", errors="replace").strip())
        whole = "\n\n".join(text for text in texts if text)
        if len(whole) <= MAX_CHARACTERS:
            return whole
        return f"{whole[:MAX_CHARACTERS]}\n\nThe rest stands in {self.files[0].parent}."


def packages() -> list[Package]:
    """Return Tunesmith, then all that it needs and is installed, by name."""
    found: dict[str, Distribution] = {}
    waiting = [PRODUCT]
    while waiting:
        name = waiting.pop()
        with suppress(PackageNotFoundError):
            if _canonical(name) not in found:
                found[_canonical(name)] = made = distribution(name)
                waiting += _needs(made)
    return [_package(found[name]) for name in sorted(found, key=lambda name: (name != PRODUCT, name))]


def _needs(made: Distribution) -> list[str]:
    """Return the names of what a package needs whatever extras are asked for."""
    wanted = [each for each in made.requires or () if "extra ==" not in each]
    return [found[0] for each in wanted if (found := re.match(r"[\w.-]+", each))]


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _package(made: Distribution) -> Package:
    files = [Path(str(made.locate_file(each))) for each in made.files or () if _is_licence(each.parts)]
    return Package(made.name, made.version, _licence(made), _told(made, "Summary"), tuple(sorted(files)))


def _is_licence(parts: tuple[str, ...]) -> bool:
    """Tell whether a file holds the package's own licence: beside its metadata, not deep among its modules."""
    return parts[0].endswith(".dist-info") and LICENCE_FILE.match(parts[-1]) is not None


def _told(made: Distribution, field: str) -> str:
    return str(next(iter(made.metadata.get_all(field) or [""])))


def _licence(made: Distribution) -> str:
    short = next(iter(_told(made, "License").strip().splitlines()), "")
    known = made.metadata.get_all("Classifier") or []
    classes = [each.rpartition(" :: ")[2] for each in known if "License ::" in each]
    named = _told(made, "License-Expression") or (short if 0 < len(short) <= SHORT else "")
    return named or ", ".join(each for each in classes if each != "OSI Approved") or UNKNOWN
