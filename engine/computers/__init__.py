"""Other computers to train on: their list, how to reach them, and this computer as a node of a cluster.

No password is ever stored; a cluster's token is a file of its own.
"""
