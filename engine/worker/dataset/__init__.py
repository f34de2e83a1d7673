"""From splits to token ids to micro-batches."""
