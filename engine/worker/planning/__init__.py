"""What a run will take, before a weight is loaded; and what to change if it is too much."""
