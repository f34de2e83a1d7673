"""The page of blind comparisons: votes on pairs of summaries without names, and their results."""
