"""What a recipe leaves open: the length of a run, and the limits of summaries.

A run has 60 steps, or three epochs if they are more. Limits follow the reference summaries of the data. Knows numbers
of steps and tokens, and nothing of options, examples and texts.

2026-11-30, LoRA on SAMSum at the preset rates, one seed, points on the way of one run each
(`tests/benchmarks/length.py`). SmolLM2-135M-Instruct in steps of 8, conversations cut to 192 tokens: validation loss
and ROUGE-1 of 20 held-out conversations. Those of 600 conversations are whole runs at twice the rate, on 200 others
(2026-11-27, about 2 points either way).

| examples | 0    | 10        | 20        | 30        | 40        | 60        | 90        | 120       | 225  |
| 10       | 3.04 | 2.51 27.1 | 2.41 35.4 | 2.44 36.7 | 2.50 40.4 |           |           |           |      |
| 30       | 3.04 | 2.42 27.6 | 2.26 35.0 | 2.19 40.4 | 2.22 41.3 |           |           |           |      |
| 100      | 3.04 |           |           | 2.12 38.9 |           | 2.09 40.2 | 2.11 37.8 | 2.13 40.6 |      |
| 300      | 3.04 |           |           | 2.10 37.2 |           | 2.09 37.5 |           |           |      |
| 600      |      |           |           |           |           | 40.4 (75) |           | 41.9      | 41.8 |
| 1,000    | 3.05 |           |           |           |           | 2.07 33.6 |           | 2.00 39.9 |      |

ROUGE-1 follows the steps, hardly the number of examples: below 30 steps it rises fast, which is what a plan warns of,
and from 60 on twenty conversations show no gain, but on 1,000 examples, where three epochs are the longer (2026-12-01;
1.99 and 40.0 after 189 steps). Three epochs are the default of before.

(Negative) On few examples the loss is best early, at 20 steps of 50 on ten, where ROUGE-1 still rises. What is kept by
the loss then has 35.4, not 40.4: there a longer run does not make a better adapter by itself.

(Negative) The starter at 0.006 in steps of 16, 40 held-out: its loss is best at the first evaluation and then rises, on
10 examples 5.61 after 10 steps to 6.37 after 60, on 30 4.66 to 5.43, on 100 3.94 after 20 to 4.58 after 80 (broken
off), on 300 3.60 after 40 to 4.08 after 190. ROUGE-1 stays at 7 to 10, 11 to 13, 15 to 18, 18 to 21. On 1,000 it learns
all the way: 3.41 and 15.8 after 60 steps, 2.94 and 23.6 after 160, 2.89 and 22.9 after 190, three epochs. On 30
examples, 20 held-out: full fine-tuning is best at 20 of 40 steps; prompt tuning falls to 5.49, 5.21, 5.11, 5.08, 5.07
after 25, 50, 75, 100, 125, and writes no better for it (6 to 9). Other methods were not tried.

Early stopping saves time, the best state being kept anyway. Three runs of the starter went on after three evaluations
without gain (10, 27 and 30 examples), and SmolLM2 for two (100 examples): none of the later ones was better.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

AUTOMATIC = 0
# With fewer, a run has hardly begun to learn.
FEW_STEPS = 30
ENOUGH_STEPS = 60
LEAST_EPOCHS = 3
# So often such a run is evaluated at most, however short its epochs are.
MAX_EVALUATIONS = 10
# After so many evaluations without a better state it ends, if so many examples tell what is better.
PATIENCE = 3
ENOUGH_VALIDATION = 10


def epochs(an_epoch: int) -> int:
    """Return the number of epochs of so many steps each."""
    return max(LEAST_EPOCHS, math.ceil(ENOUGH_STEPS / max(1, an_epoch)))


def evaluation_interval(steps: int, an_epoch: int) -> int:
    """Return the steps between two evaluations: whole epochs."""
    return an_epoch * math.ceil(steps / max(1, an_epoch) / MAX_EVALUATIONS)


# Limits of summaries

LIMIT_STEP = 64
# A longer "summary" is a damaged row more often than a summary, and memory is reserved for the longest.
HIGHEST_LIMIT = 1024
# A base model that finds no end writes up to the limit for each conversation, so that a few long references cost much.
WRITTEN_IN_FULL = 0.99
# A limit below leaves no summary beside its special tokens.
LOWEST_LIMIT = 4


def label_limit(longest: int) -> int:
    """Return the limit of labels that holds a reference summary of so many tokens, in steps, up to `HIGHEST_LIMIT`."""
    return min(HIGHEST_LIMIT, max(1, math.ceil(longest / LIMIT_STEP)) * LIMIT_STEP)


def output_limit(lengths: Sequence[int]) -> int:
    """Return the limit of written summaries: it holds all references but the longest hundredth."""
    held = sorted(lengths)[: math.ceil(WRITTEN_IN_FULL * len(lengths))]
    return label_limit(held[-1] if held else 0)
