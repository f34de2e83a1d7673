"""Data that may not be redistributed: tests use it if it lies beside the checkout, else they are skipped."""

import pytest

from engine.system.paths import application_root

_FOLDER = application_root().parent / "shared" / "data"
SAMSUM = _FOLDER / "samsum"
T5_TOKENIZER = _FOLDER / "t5_tokenizer"

needs_samsum = pytest.mark.skipif(not SAMSUM.exists(), reason="SAMSum is not on this computer")
