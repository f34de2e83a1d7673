"""The window's frame: rail, header, page base and the window that holds the pages."""
