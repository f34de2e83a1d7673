"""Builds the documentation as a website in dist/docs: the Markdown files of the repository and all help topics.

The topics are those of the window: the files in `resources/help`, and the declarations of methods, settings and scores.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import command_line  # noqa: E402

from engine.config import support_matrix  # noqa: E402
from gui.pages.help.topics import FINDING, METHOD, SCORE, SETTING, TASK, TERM, Topic, topics  # noqa: E402
from tests.proof import support_page  # noqa: E402

SITE = ROOT / "dist" / "docs"
SUPPORT = ROOT / "docs" / "supported-combinations.md"
PAGES = {
    "README.md": "Tunesmith",
    "docs/command-line.md": "Command line",
    "docs/supported-combinations.md": "Supported combinations",
    "docs/architecture.md": "Architecture",
    "docs/decisions/README.md": "Decisions",
    "docs/release.md": "Releases",
    "CHANGELOG.md": "Changes",
    "SECURITY.md": "Security",
    "CONTRIBUTING.md": "Contributing",
    "tests/benchmarks/RESULTS.md": "Benchmarks",
    "packaging/lab/NOTES.md": "Lab notes",
}
# What those pages show or link to.
LINKED = (
    "LICENSE",
    "docs/decisions",
    "resources/screenshots",
    "resources/recipes",
    "resources/starter/README.md",
    "tests/benchmarks/results.csv",
)
CONFIGURATION = """\
site_name: Tunesmith
docs_dir: source
site_dir: site
theme:
  name: material
  font: false
  features: [navigation.tabs, toc.follow, search.suggest]
  palette:
    - {{media: "(prefers-color-scheme: light)", scheme: default, toggle: {{icon: material/weather-night, name: Dark}}}}
    - {{media: "(prefers-color-scheme: dark)", scheme: slate, toggle: {{icon: material/weather-sunny, name: Light}}}}
plugins: [search]
nav:
{pages}
  - Help:
{topics}
"""


def main() -> int:
    """Write the pages that are made from declarations and build the site; return the exit status of mkdocs."""
    command_line.PAGE.write_text(command_line.text(), encoding="utf-8")
    SUPPORT.write_text(support_page.page(support_matrix.read()), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        source = place / "source"
        for name in (*PAGES, *LINKED):
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            if (ROOT / name).is_dir():
                shutil.copytree(ROOT / name, source / name, dirs_exist_ok=True)
            else:
                shutil.copyfile(ROOT / name, source / name)
        groups = (TASK, TERM, METHOD, SETTING, SCORE, FINDING)
        (source / "help").mkdir()
        for group in groups:
            text = f"# {group}\n" + "".join(markdown(each) for each in topics() if each.group == group)
            (source / _file(group)).write_text(text, encoding="utf-8")
        configuration = CONFIGURATION.format(
            pages="\n".join(f"  - {title}: {name}" for name, title in PAGES.items()),
            topics="\n".join(f"    - {group}: {_file(group)}" for group in groups),
        )
        (place / "mkdocs.yml").write_text(configuration, encoding="utf-8")
        code = subprocess.run(
            [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict"], cwd=place, check=False
        ).returncode
        if code == 0:
            shutil.rmtree(SITE, ignore_errors=True)
            shutil.copytree(place / "site", SITE)
            print(f"The documentation is at {SITE.relative_to(ROOT)}/index.html.")
    return code


def _file(group: str) -> str:
    return f"help/{re.sub(r'[^a-z]+', '-', group.lower())}.md"


def markdown(topic: Topic) -> str:
    facts = "".join(f"- **{_plain(name)}**: {_plain(text)}\n" for name, text in topic.facts)
    text = re.sub("^#", "##", topic.text, flags=re.MULTILINE) if topic.is_markdown else _plain(topic.text)
    return f"\n## {_plain(topic.title)}\n\n{text}\n\n{facts}"


def _plain(text: str) -> str:
    """Escape what Markdown would read as markup."""
    return re.sub(r"([\\`*_<\[])", r"\\\1", text)


if __name__ == "__main__":
    sys.exit(main())
