"""At a line on its standard input takes all memory of the card but some, and keeps it until that input ends.

python -m tests.benchmarks.card.hog BYTES_TO_LEAVE
"""

from __future__ import annotations

import sys

import torch

BLOCK_BYTES = 64 * 1024**2


def main(leave: int) -> None:
    """Say "ready", wait for the line, take block by block, say how much, and wait for the end."""
    torch.cuda.init()
    print("ready", flush=True)
    sys.stdin.readline()
    blocks = []
    while torch.cuda.mem_get_info(0)[0] > leave + BLOCK_BYTES:
        try:
            blocks.append(torch.empty(BLOCK_BYTES, dtype=torch.uint8, device="cuda"))
        except torch.OutOfMemoryError:
            break
    print(len(blocks) * BLOCK_BYTES, flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))
