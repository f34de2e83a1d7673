"""The window's frame: rail, header, page base, command palette."""
