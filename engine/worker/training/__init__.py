"""The training loop, its step, and checkpoints."""
