"""What a run leaves on the disk: checkpoints, its adapter, and what the adapter says of it."""
