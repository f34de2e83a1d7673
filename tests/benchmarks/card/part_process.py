"""Measures one part in this process; figures and ending go out as lines of JSON.

python -m tests.benchmarks.card.part_process PART KIND FOLDER
"""

import os
import sys
import traceback
import warnings
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.benchmarks.card.figures import Lacking
from tests.benchmarks.card.parts import PARTS, Part, Setting
from tests.helpers.line_process import answer, own_output
from tests.helpers.repository import ROOT

STARTUP = ROOT / "tests" / "helpers" / "pretend_card" / "startup"


def main(name: str, kind: Any, folder: str) -> None:
    """Measure a part, and say how it ended."""
    output = own_output()
    warnings.simplefilter("ignore")
    setting = Setting(kind, Path(folder))
    if kind == "pretend":
        put_on_pretend_card(setting.folder)
    part = next(each for each in PARTS if each.name == name)
    for each in answers(part, setting):
        answer(output, each)


def answers(part: Part, setting: Setting) -> Iterator[dict[str, Any]]:
    """Yield every figure of a part, then its ending."""
    try:
        for figure in part.measure()(setting):
            yield {"figure": asdict(figure)}
    except Lacking as error:
        yield {"status": "lacking", "reason": str(error)}
    except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever it is, the next part is measured
        traceback.print_exc()
        yield {"status": "failed", "reason": " ".join(f"{type(error).__name__}: {error}".split())[:500]}
    else:
        yield {"status": "done"}


def put_on_pretend_card(folder: Path) -> None:
    """Put this process and the workers that it starts on the pretend card."""
    from tests.helpers import pretend_card

    paths = [str(STARTUP), os.environ.get("PYTHONPATH", "")]
    os.environ |= {
        "PRETEND_CARD": str(folder / "counts.jsonl"),
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
    }
    pretend_card.put_workers_on(pretend_card.register())


if __name__ == "__main__":
    main(*sys.argv[1:])
