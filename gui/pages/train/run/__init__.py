"""A run, its verdict and samples."""
