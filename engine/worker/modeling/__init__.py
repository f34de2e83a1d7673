"""Base models: load, shape, forward pass, what stands before the tokens."""
