"""Home: what to do next, what computes and waits, the last verdict, recent adapters and data."""
