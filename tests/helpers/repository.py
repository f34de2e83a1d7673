"""Where the checkout's own files are, for tests in any folder."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MAIN = ROOT / "main.py"
GOLDEN = ROOT / "tests" / "golden"
