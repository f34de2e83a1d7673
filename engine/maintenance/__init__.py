"""What this computer lacks and what Tunesmith takes of it."""
