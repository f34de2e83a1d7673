"""The train page: recipe panel, choosers, the run, its verdict and its samples."""
