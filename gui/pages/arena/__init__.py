"""The parts of the arena page."""
