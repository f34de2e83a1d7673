"""Earlier requests."""
