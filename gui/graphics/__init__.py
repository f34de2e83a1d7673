"""Painted data graphics without pyqtgraph."""
