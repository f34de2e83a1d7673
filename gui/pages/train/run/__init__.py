"""A run: figures, verdict, samples, report."""
