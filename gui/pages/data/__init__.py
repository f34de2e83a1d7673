"""The data page's parts: what a check found, in the page's words, and the widgets that show it."""
