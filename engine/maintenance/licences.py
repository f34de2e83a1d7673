"""The packages that Tunesmith uses and their licences, read from what is installed."""

from __future__ import annotations

import re
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

PRODUCT = "tunesmith"
UNKNOWN = "not named"
# The longest name of a licence; some packages have the whole text there.
MAX_NAME = 60
LICENCE_FILE = re.compile(r"(?:LICEN[CS]E|COPYING|NOTICE|EULA)[\w.-]*$", re.IGNORECASE)
MAX_CHARACTERS = 40_000


@dataclass(frozen=True)
class Package:
    """An installed package, its licence, and the files with the licence's text."""

    name: str
    version: str
    licence: str
    summary: str
    files: tuple[Path, ...]

    def text(self) -> str:
        """Return the text of the licence, truncated if it is very long; "" if the package has none."""
        texts = []
        for file in self.files:
            with suppress(OSError):
                texts.append(file.read_text(encoding="utf-8", errors="replace").strip())
        whole = "\n\n".join(text for text in texts if text)
        if len(whole) <= MAX_CHARACTERS:
            return whole
        return f"{whole[:MAX_CHARACTERS]}\n\nThe full text is in {self.files[0].parent}."


def packages() -> list[Package]:
    """Return Tunesmith, then its installed dependencies by name."""
    distributions: dict[str, Distribution] = {}
    waiting = [PRODUCT]
    while waiting:
        name = waiting.pop()
        with suppress(PackageNotFoundError):
            if _canonical(name) not in distributions:
                distributions[_canonical(name)] = package = distribution(name)
                # Without those of extras.
                wanted = [each for each in package.requires or () if "extra ==" not in each]
                waiting += [match[0] for each in wanted if (match := re.match(r"[\w.-]+", each))]
    return [
        _package(distributions[name])
        for name in sorted(distributions, key=lambda name: (name != PRODUCT, name))
    ]


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def _package(package: Distribution) -> Package:
    # The package's own licence is beside its metadata, not among its modules.
    files = [
        Path(str(package.locate_file(each)))
        for each in package.files or ()
        if each.parts[0].endswith(".dist-info") and LICENCE_FILE.match(each.parts[-1])
    ]
    short = next(iter(_field(package, "License").strip().splitlines()), "")
    known = package.metadata.get_all("Classifier") or []
    classes = [each.rpartition(" :: ")[2] for each in known if "License ::" in each]
    named = _field(package, "License-Expression") or (short if 0 < len(short) <= MAX_NAME else "")
    licence = named or ", ".join(each for each in classes if each != "OSI Approved") or UNKNOWN
    return Package(package.name, package.version, licence, _field(package, "Summary"), tuple(sorted(files)))


def _field(package: Distribution, field: str) -> str:
    return str(next(iter(package.metadata.get_all(field) or [""])))
