"""The choice of a base model: those on this computer, well-known ones, and those that the hub finds."""
