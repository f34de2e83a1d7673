"""Plots. The only package that imports pyqtgraph, and only when a plot is first shown."""
