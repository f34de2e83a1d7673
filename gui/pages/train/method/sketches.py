"""What a method adds, as boxes and signs: the sketches of the ways to change a weight, and of the other places.

Knows what the registry declares of a method: how its change at a weight is written, and where it sits; not how it is
painted.
"""

from __future__ import annotations

from dataclasses import dataclass

from engine.api import Method, Options, Place
from gui.look.language import mark, tr

HEIGHT = 96


@dataclass(frozen=True)
class Box:
    """A matrix or a vector: its letter, its size, and whether it is trained.

    `cells` are drawn in the letter's place where a matrix has a pattern, a text for each row: "#" is trained, "." is
    not, a space is empty, and equal digits, 1 to 4, are the same trained number.
    """

    text: str
    width: int
    height: int
    trained: bool = True
    cells: tuple[str, ...] = ()


@dataclass(frozen=True)
class Sketch:
    """Boxes and the signs between them, from left to right, and the whole in words; `ranked` ones have a rank.

    `below` are the words below what is filled and below the rest.
    """

    parts: tuple[Box | str, ...]
    described: str
    ranked: bool = False
    below: tuple[str, str] = (mark("trained"), mark("frozen"))


WEIGHT = Box("W", 72, HEIGHT, trained=False)
SMALL_WEIGHT = Box("W", 52, 72, trained=False)
NARROW_WEIGHT = Box("W", 44, 72, trained=False)
SQUARE_WEIGHT = Box("W", 72, 72, trained=False)
PAIR_CELLS = (".###", "#...", "#...", "#...")
CIRCULANT_CELLS = ("1234", "4123", "3412", "2341")
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
CELL, FROZEN_CELL = Box("", 18, 28), Box("", 18, 28, trained=False)


def _two_by_two(block: tuple[str, ...]) -> tuple[str, ...]:
    """Return the cells of a matrix of four equal blocks."""
    rows = tuple(f"{row} {row}" for row in block)
    return (*rows, " " * len(rows[0]), *rows)


AT_WEIGHTS: dict[str, Sketch] = {
    "pair": Sketch(
        (WEIGHT, "+", Box("B", 20, HEIGHT), Box("A", 72, 20)),
        mark("A frozen weight W and beside it a trained pair B and A"),
        ranked=True,
    ),
    "pairs in a grid": Sketch(
        (SQUARE_WEIGHT, "+", Box("", 72, 72, cells=_two_by_two(PAIR_CELLS))),
        mark("A frozen weight W and beside it, for every block of it, a thin, trained pair of its own"),
    ),
    "scaled pair": Sketch(
        (
            SMALL_WEIGHT,
            "+",
            Box("", 6, 72),
            Box("B", 16, 72, trained=False),
            Box("", 6, 16),
            Box("A", 52, 16, trained=False),
        ),
        mark("A frozen weight W and beside it a random, frozen pair B and A, scaled by two trained vectors"),
    ),
    "scaled pairs": Sketch(
        (
            NARROW_WEIGHT,
            "+",
            "Σ",
            Box("B", 16, 72, trained=False),
            Box("", 6, 16),
            Box("A", 44, 16, trained=False),
            Box("", 44, 6),
        ),
        mark(
            "A frozen weight W and beside it a sum of random, frozen pairs B and A, each scaled by two trained vectors"
        ),
    ),
    "pair times strength": Sketch(
        (SMALL_WEIGHT, "+", Box("", 12, 12), "×", Box("B", 16, 72), Box("A", 52, 16)),
        mark(
            "A frozen weight W and beside it a trained pair B and A of length one, times one trained strength"
        ),
        ranked=True,
    ),
    "pair from a bank": Sketch(
        (SMALL_WEIGHT, "+", Box("B", 16, 72), Box("A", 52, 16), "←", Box(mark("bank"), 40, 40)),
        mark(
            "A frozen weight W and beside it a pair B and A, put together from a trained bank that all layers share"
        ),
        ranked=True,
    ),
    "repeated block": Sketch(
        (WEIGHT, "+", *(Box("D", 18, HEIGHT),) * 4),
        mark("A frozen weight W and beside it one trained block D, repeated for every shard of the weight"),
        ranked=True,
    ),
    "waves": Sketch(
        (WEIGHT, "+", Box("", 12, 48), "×", Box(mark("waves"), 72, HEIGHT, trained=False)),
        mark("A frozen weight W and beside it random, frozen waves, each times a trained strength"),
    ),
    "circulant": Sketch(
        (SQUARE_WEIGHT, "+", Box("", 72, 72, cells=_two_by_two(CIRCULANT_CELLS))),
        mark(
            "A frozen weight W and beside it trained blocks, in which every row is the one above, shifted by one"
        ),
    ),
    "sparse": Sketch(
        (WEIGHT, "+", Box("", 72, HEIGHT, cells=SPARSE_CELLS)),
        mark("A frozen weight W and beside it a few trained places"),
    ),
    "two pairs": Sketch(
        (SMALL_WEIGHT, "+", Box("", 10, 72), Box("", 42, 10), "×", Box("", 10, 72), Box("", 42, 10)),
        mark("A frozen weight W and beside it two trained pairs, multiplied entry by entry"),
    ),
    "kronecker": Sketch(
        (WEIGHT, "+", Box("A", 28, 36), "⊗", Box("B", 44, 64)),
        mark("A frozen weight W and beside it the Kronecker product of two trained matrices"),
    ),
    "rotation": Sketch(
        (WEIGHT, "·", Box("R", 72, 72)), mark("A frozen weight W times a trained rotation R of its inputs")
    ),
    "scale": Sketch((Box("", 12, HEIGHT), "×", WEIGHT), mark("Trained numbers that scale a frozen weight W")),
}
BOTTLENECK = Sketch(
    (Box(mark("layer"), 60, 64, trained=False), "+", Box("", 14, 64), Box("", 14, 24), Box("", 14, 64)),
    mark("A frozen layer and behind it a trained one, wide, narrow and wide again"),
)
AT_PLACES: dict[Place, Sketch] = {
    "everything": Sketch((Box("W", 72, HEIGHT),), mark("A trained weight W")),
    "before input": Sketch(
        (CELL, CELL, CELL, CELL, "+", FROZEN_CELL, FROZEN_CELL, FROZEN_CELL, FROZEN_CELL),
        mark("Trained vectors before those of the text"),
    ),
    "keys and values": Sketch(
        (Box("k v", 56, 40), Box(mark("keys and values"), 128, 40, trained=False)),
        mark("Trained keys and values before those of the text"),
    ),
    "after attention": BOTTLENECK,
    "after feed-forward": BOTTLENECK,
    "biases": Sketch(
        (WEIGHT, "+", Box("b", 14, HEIGHT)), mark("A frozen weight W and beside it its trained biases b")
    ),
    "norms": Sketch(
        (Box(mark("norm"), 56, 32), "→", Box(mark("layer"), 60, 64, trained=False)),
        mark("A trained norm of what goes into a frozen layer"),
    ),
    "prompt": Sketch(
        (Box(mark("prompt"), 64, 40), "+", Box(mark("conversation"), 108, 40, trained=False)),
        mark("The words of the prompt, and the examples it shows, before the conversation"),
        below=(mark("written"), mark("as it is")),
    ),
}


def sketch_of(entry: Method, options: Options | None = None) -> Sketch:
    """Return the sketch of a method, under options where its places depend on them."""
    places = entry.places_of(options) if options is not None else entry.places
    if "weights" in places:
        return AT_WEIGHTS[entry.sketch]
    return AT_PLACES[places[0]]


def trained_words(sketch: Sketch, options: Options | None) -> str:
    """Return what stands below the trained part: with its rank, the one that is set or r."""
    if sketch.ranked:
        return tr("trained, rank {rank}", rank=getattr(options, "rank", "r"))
    return tr(sketch.below[0])
