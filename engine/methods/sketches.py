"""Drawings of what a method trains, as data: boxes for matrices and vectors, and the signs between them.

A method's entry names one of these, or brings its own. Knows nothing of how they are painted.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Place = Literal[
    "weights",  # a change of weight matrices, those of `target_modules`
    "after attention",
    "after feed-forward",
    "before input",
    "keys and values",
    "biases",
    "norms",
    "everything",
    "prompt",
]
"""Where in a transformer a method's trainable parameters are."""


@dataclass(frozen=True)
class Box:
    """A matrix or a vector, as wide and high in pixels; `symbol` is its letter, `caption` a word in its place.

    `cells` are drawn in a matrix with a pattern, a text for each row: "#" is trained, "." is frozen, a space is empty,
    and equal digits, 1 to 4, are the same trained parameter.
    """

    width: int
    height: int
    symbol: str = ""
    caption: str = ""
    trained: bool = True
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sketch:
    """Boxes and signs from left to right; `description` says the same in words.

    `has_rank`: the caption below what is trained names the rank. `trained_caption` and `frozen_caption` stand in the
    place of "trained" and "frozen", `legend` is what a coloured weight means in a drawing of the model.
    """

    parts: tuple[Box | str, ...]
    description: str
    has_rank: bool = False
    trained_caption: str = ""
    frozen_caption: str = ""
    legend: str = ""


def _frozen(width: int, height: int, symbol: str = "", caption: str = "") -> Box:
    return Box(width, height, symbol, caption, trained=False)


def _two_by_two(block: tuple[str, ...]) -> tuple[str, ...]:
    """Return the cells of a matrix of four equal blocks."""
    rows = tuple(f"{row} {row}" for row in block)
    return (*rows, " " * len(rows[0]), *rows)


HEIGHT = 96
W = _frozen(72, HEIGHT, "W")
SMALL_W = _frozen(52, 72, "W")
NARROW_W = _frozen(44, 72, "W")
SQUARE_W = _frozen(72, 72, "W")
TOKEN, FROZEN_TOKEN = Box(18, 28), _frozen(18, 28)
SPARSE_CELLS = (
    "........",
    "..#.....",
    "......#.",
    "........",
    "#...#...",
    "........",
    ".....#..",
    "........",
    ".#......",
    ".......#",
    "...#....",
    "........",
)

# Changes of a weight

ADDED_MATRIX = Sketch((W, "+", Box(72, HEIGHT, "ΔW")), "Frozen W plus a trained change")
LOW_RANK_PAIR = Sketch(
    (W, "+", Box(20, HEIGHT, "B"), Box(72, 20, "A")),
    "Frozen W plus a trained pair B and A",
    has_rank=True,
    legend="has a trained pair",
)
PAIRS_IN_A_GRID = Sketch(
    (SQUARE_W, "+", Box(72, 72, cells=_two_by_two((".###", "#...", "#...", "#...")))),
    "Frozen W plus a thin trained pair for each block",
)
SCALED_RANDOM_PAIR = Sketch(
    (SMALL_W, "+", Box(6, 72), _frozen(16, 72, "B"), Box(6, 16), _frozen(52, 16, "A")),
    "Frozen W plus a random, frozen pair B and A, scaled by two trained vectors",
)
SCALED_RANDOM_PAIRS = Sketch(
    (NARROW_W, "+", "Σ", _frozen(16, 72, "B"), Box(6, 16), _frozen(44, 16, "A"), Box(44, 6)),
    "Frozen W plus random, frozen pairs B and A, each scaled by two trained vectors",
)
PAIR_TIMES_STRENGTH = Sketch(
    (SMALL_W, "+", Box(12, 12), "×", Box(16, 72, "B"), Box(52, 16, "A")),
    "Frozen W plus a trained pair B and A of length one, times a trained strength",
    has_rank=True,
)
PAIR_FROM_A_BANK = Sketch(
    (SMALL_W, "+", Box(16, 72, "B"), Box(52, 16, "A"), "←", Box(40, 40, caption="bank")),
    "Frozen W plus a pair B and A, composed of vectors from a trained, shared bank",
    has_rank=True,
)
REPEATED_BLOCK = Sketch(
    (W, "+", *(Box(18, HEIGHT, "D"),) * 4),
    "Frozen W plus one trained block D, repeated for each shard",
    has_rank=True,
)
WAVES = Sketch(
    (W, "+", Box(12, 48), "×", _frozen(72, HEIGHT, caption="waves")),
    "Frozen W plus random waves of trained strength",
)
CIRCULANT_BLOCKS = Sketch(
    (SQUARE_W, "+", Box(72, 72, cells=_two_by_two(("1234", "4123", "3412", "2341")))),
    "Frozen W plus trained blocks, each row the one above shifted by one",
)
SPARSE_CHANGE = Sketch((W, "+", Box(72, HEIGHT, cells=SPARSE_CELLS)), "Frozen W plus a few trained entries")
TWO_PAIRS = Sketch(
    (SMALL_W, "+", Box(10, 72), Box(42, 10), "×", Box(10, 72), Box(42, 10)),
    "Frozen W plus two trained pairs, multiplied entry by entry",
)
KRONECKER_PRODUCT = Sketch(
    (W, "+", Box(28, 36, "A"), "⊗", Box(44, 64, "B")),
    "Frozen W plus the Kronecker product of two trained matrices",
)
ROTATION = Sketch((W, "·", Box(72, 72, "R")), "Frozen W times a trained rotation R of its inputs")
SCALED_ROWS = Sketch((Box(12, HEIGHT), "×", W), "A trained vector that scales frozen W")

# What else is trained

BOTTLENECK = Sketch(
    (_frozen(60, 64, caption="layer"), "+", Box(14, 64), Box(14, 24), Box(14, 64)),
    "A frozen layer, then a trained one: wide, narrow, wide",
)
DEFAULTS: Mapping[Place, Sketch] = {
    "weights": ADDED_MATRIX,
    "everything": Sketch((Box(72, HEIGHT, "W"),), "A trained weight W"),
    "before input": Sketch((*(TOKEN,) * 4, "+", *(FROZEN_TOKEN,) * 4), "Trained vectors before the text"),
    "keys and values": Sketch(
        (Box(56, 40, "k v"), _frozen(128, 40, caption="keys and values")),
        "Trained keys and values before the text",
    ),
    "after attention": BOTTLENECK,
    "after feed-forward": BOTTLENECK,
    "biases": Sketch((W, "+", Box(14, HEIGHT, "b")), "Frozen W plus trained biases b"),
    "norms": Sketch(
        (Box(56, 32, caption="norm"), "→", _frozen(60, 64, caption="layer")),
        "A trained norm before a frozen layer",
    ),
    "prompt": Sketch(
        (Box(64, 40, caption="prompt"), "+", _frozen(108, 40, caption="text")),
        "The prompt with its examples, before the conversation",
        trained_caption="written",
        frozen_caption="as it is",
    ),
}
"""The default sketch of a method, by where it trains."""
