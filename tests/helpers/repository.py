"""Where the checkout's own files are, for tests in any folder."""

from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "main.py"
GOLDEN = ROOT / "tests" / "golden"


@cache
def sources(*folders: str) -> dict[str, str]:
    """Return the text of every Python file below folders of the checkout, by its path."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted((ROOT / folder).rglob("*.py"))
    }
