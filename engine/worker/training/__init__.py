"""The training loop, its step, checkpoints and memory probe."""
