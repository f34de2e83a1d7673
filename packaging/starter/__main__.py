"""The door to the starter's workshop: `python packaging/starter VERB`, from the checkout."""

import importlib
import sys
from pathlib import Path

VERBS = {
    "conversations": "write the sample conversations",
    "tokenizer": "make the tokenizer",
    "pretrain": "pre-train the base model (resumes by itself)",
    "measure": "measure the base on held-out tasks and the no-reading baselines",
    "tune": "tune as the starter recipe does, with plain PEFT, and measure the result",
}


def main() -> None:
    """Run the verb's module; its own arguments follow the verb."""
    if len(sys.argv) < 2 or sys.argv[1] not in VERBS:
        lines = [f"  {verb:<14} {text}" for verb, text in VERBS.items()]
        sys.exit("\n".join(["usage: python packaging/starter VERB", *lines]))
    sys.path[0] = str(Path(__file__).resolve().parents[1])
    verb = sys.argv.pop(1)
    importlib.import_module(f"starter.{verb}").main()


if __name__ == "__main__":
    main()
