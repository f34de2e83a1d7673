"""Tables as people have them: how many are read right, how many are asked about, how many wrong."""

import sys
from collections import Counter

from engine.data.schema_inference import infer_schema
from engine.errors import DataError
from tests.helpers.benchmark_report import show
from tests.helpers.column_sets import ColumnSet, column_sets


def main() -> None:
    """Infer and print; `-v` names what is asked about or wrong."""
    found = [(each, outcome(each)) for each in column_sets()]
    if "-v" in sys.argv:
        for each, (kind, said) in found:
            if kind != "right":
                print(f"{kind:6} {each.name}: {said} (right: {each.right})")
    counts = Counter(kind for _, (kind, _) in found)
    goals = {"right": "", "asked": f"at most {len(found) * 15 // 100}", "wrong": "0"}
    show(f"{len(found)} tables", [(kind, str(counts[kind]), goal) for kind, goal in goals.items()])


def outcome(table: ColumnSet) -> tuple[str, str]:
    """Return "right", "asked" (where the answer is known) or "wrong", and what was said."""
    try:
        schema = infer_schema(tuple(table.rows[0]), table.rows)
    except DataError as error:
        return "asked" if table.right else "right", f"{error.message} {error.hint}"
    found = (schema.conversation, schema.summary)
    return "right" if found == table.right else "wrong", f"{found}, {schema.reason}"


if __name__ == "__main__":
    main()
