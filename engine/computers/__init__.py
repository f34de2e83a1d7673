"""Other computers to train on: which ones there are, how they are reached, and a node of a cluster on this one.

No password is ever stored; a token is a file of its own. Knows nothing of runs.
"""
