"""The Debian package: the sources, a launcher, and what a desktop wants to know. Nothing in it is compiled.

    python packaging/deb.py [FOLDER]     writes FOLDER/tunesmith_<version>-1_all.deb; dist/ if no folder is named

Runs in the environment, which draws the icons. What the package needs of the system is what Qt's wheels need, as
`qt_libraries` knows it; all else comes at a person's first start.
"""

from __future__ import annotations

import gzip
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from pathlib import Path
from string import Template
from typing import Any

import command_line
import qt_libraries

ROOT = Path(__file__).resolve().parent.parent
LINUX = ROOT / "packaging" / "linux"
REVISION = 1
# To be set before a package is published: who answers for it, and where it is at home. Until then there is neither, and
# no address is made up: by RFC 2606 nothing is ever found below `.invalid`, yet a package needs a maintainer's address
# and a store page a homepage. The ids in linux/tunesmith.metainfo.xml stand below a domain too; see that it is yours.
MAINTAINER = "The Tunesmith developers <developers@tunesmith.invalid>"
HOMEPAGE = "https://tunesmith.invalid/"
NOWHERE = ".invalid/"
# What is installed: the program, what it ships, and what its environments are made of.
SOURCES = ("main.py", "engine", "gui", "resources", "packaging/constraints.txt", "packaging/launcher.py")
# What dpkg runs.
SCRIPTS = ("postinst", "prerm")
# Pictures of the README.
LEFT_OUT = shutil.ignore_patterns("__pycache__", "screenshots")
CONTROL = Template("""\
Package: tunesmith
Version: $version
Section: science
Priority: optional
Architecture: all
Maintainer: $maintainer
Installed-Size: $kilobytes
Depends: $depends
Recommends: fonts-noto-cjk
${homepage}Description: adapt language models to summarise conversations
 Tunesmith fine-tunes a language model on this computer with PEFT (LoRA and
 its kin, soft prompts, adapters), to summarise conversations, and proves that
 the result is better: base and tuned model are scored on the same
 conversations, and every difference carries an interval.
 .
 At its first start it fetches the libraries that it works with, among them
 the build of torch for the GPU, into an environment of the
 person who started it.
""")
CHANGES = Template("""\
tunesmith ($version) unstable; urgency=medium

  * This version; what is new for people is in changelog.gz.

 -- $maintainer  $date
""")


def version() -> str:
    """Return the version of the program."""
    return str(_project()["version"])


def file_name() -> str:
    """Return the name of the package's file."""
    return f"tunesmith_{version()}-{REVISION}_all.deb"


def build(target: Path) -> Path:
    """Build the package into the folder `target` and return its file. Needs dpkg-deb."""
    if shutil.which("dpkg-deb") is None:
        raise SystemExit("dpkg-deb is not here; Debian, Ubuntu and their kin have it in the package dpkg.")
    target.mkdir(parents=True, exist_ok=True)
    package = target / file_name()
    with tempfile.TemporaryDirectory() as folder:
        tree = lay_out(Path(folder) / "tree")
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(int(_moment()))}
        # Most of it are numbers that nothing makes smaller, so the quickest way that every dpkg knows will do.
        command = ["dpkg-deb", "--root-owner-group", "-Zgzip", "--build", str(tree), str(package)]
        subprocess.run(command, check=True, env=environment, stdout=subprocess.DEVNULL)
    return package


def lay_out(tree: Path) -> Path:
    """Write all files of the package below `tree`, with their modes, and return it."""
    share = tree / "usr" / "share"
    copy_program(share / "tunesmith")
    _put(LINUX / "tunesmith", tree / "usr/bin/tunesmith")
    _put(ROOT / "resources/desktop/tunesmith.desktop", share / "applications/tunesmith.desktop")
    _put(ROOT / "resources/desktop/tunesmith.xml", share / "mime/packages/tunesmith.xml")
    _fill(LINUX / "tunesmith.metainfo.xml", share / "metainfo/org.tunesmith.tunesmith.metainfo.xml")
    _put_icons(share / "icons/hicolor")
    _put_texts(share)
    for name in SCRIPTS:
        _put(LINUX / name, tree / "DEBIAN" / name)
    _write(tree / "DEBIAN/control", _control(tree))
    _write(tree / "DEBIAN/md5sums", _checksums(tree))
    _settle(tree)
    return tree


def copy_program(target: Path) -> None:
    """Copy what is installed into a folder: the program, the launcher, and what environments are made of."""
    for name in SOURCES:
        source = ROOT / name
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=LEFT_OUT)
        else:
            shutil.copy(source, target / name)
    # All that environments are made of, and nothing that would have them made anew without need.
    facts = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    [dependencies] = re.findall(r"^dependencies = \[\n.*?^\]\n", facts, re.MULTILINE | re.DOTALL)
    [kernels] = re.findall(r"^liger = .*\n", facts, re.MULTILINE)
    extras = f"[project.optional-dependencies]\n{kernels}"
    _write(target / "pyproject.toml", f'[project]\nname = "tunesmith"\n{dependencies}{extras}')
    # Found beside main.py: what the program asks for its own version.
    facts = f"Metadata-Version: 2.1\nName: tunesmith\nVersion: {version()}\n"
    _write(target / "tunesmith.dist-info/METADATA", facts)


def _put_icons(target: Path) -> None:
    _put(ROOT / "resources/tunesmith.svg", target / "scalable/apps/tunesmith.svg")
    with tempfile.TemporaryDirectory() as drawn:
        command = [sys.executable, str(ROOT / "packaging/icons.py"), drawn]
        subprocess.run(command, check=True, env=offscreen())
        for picture in Path(drawn).glob("*.png"):
            _put(picture, target / picture.stem / "apps/tunesmith.png")


def offscreen() -> dict[str, str]:
    """Return the environment variables of a program that draws without a display."""
    return {**os.environ, "QT_QPA_PLATFORM": "offscreen"}


def _put_texts(share: Path) -> None:
    page = _filled((LINUX / "tunesmith.1").read_text(encoding="utf-8"))
    page = page.replace("@VERBS@\n", command_line.manual())
    date = time.strftime("%a, %d %b %Y %H:%M:%S +0000", time.gmtime(_moment()))
    changes = CHANGES.substitute(version=f"{version()}-{REVISION}", maintainer=MAINTAINER, date=date)
    news = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    documents = share / "doc/tunesmith"
    _put(LINUX / "copyright", documents / "copyright")
    for text, target in (
        (page, share / "man/man1/tunesmith.1.gz"),
        (changes, documents / "changelog.Debian.gz"),
        (news, documents / "changelog.gz"),
    ):
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(gzip.compress(text.encode(), mtime=0))


def _control(tree: Path) -> str:
    size = sum(file.stat().st_size for file in tree.rglob("*") if file.is_file())
    of_qt = sorted(set(qt_libraries.APT_PACKAGES.values()))
    depends = ["python3 (>= 3.11)", "python3-tk", "python3-venv", *of_qt]
    return CONTROL.substitute(
        version=f"{version()}-{REVISION}",
        maintainer=MAINTAINER,
        kilobytes=size // 1024,
        depends=", ".join(depends),
        # A package may have none, and then names none.
        homepage="" if HOMEPAGE.endswith(NOWHERE) else f"Homepage: {HOMEPAGE}\n",
    )


def _checksums(tree: Path) -> str:
    files = sorted(file for file in (tree / "usr").rglob("*") if file.is_file())
    md5 = (hashlib.md5(file.read_bytes(), usedforsecurity=False).hexdigest() for file in files)
    return "".join(f"{sum_}  {file.relative_to(tree)}\n" for sum_, file in zip(md5, files, strict=True))


def _settle(tree: Path) -> None:
    """Give every file the mode it has in every build."""
    for path in [tree, *tree.rglob("*")]:
        runs = path.is_dir() or path.parent.name == "bin" or path.name in SCRIPTS
        path.chmod(0o755 if runs else 0o644)


def _put(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _fill(source: Path, target: Path) -> None:
    _write(target, _filled(source.read_text(encoding="utf-8")))


def _filled(text: str) -> str:
    date = time.strftime("%Y-%m-%d", time.gmtime(_moment()))
    return text.replace("@VERSION@", version()).replace("@DATE@", date).replace("@HOMEPAGE@", HOMEPAGE)


def _write(target: Path, text: str) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(text, encoding="utf-8")


def _moment() -> float:
    """Return the time that builds carry: what the builder says, else that of the last change to the program."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    if epoch:
        return float(epoch)
    return (ROOT / "CHANGELOG.md").stat().st_mtime


def _project() -> dict[str, Any]:
    return dict(tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"])


if __name__ == "__main__":
    print(build(Path(sys.argv[1]) if sys.argv[1:] else ROOT / "dist"))
