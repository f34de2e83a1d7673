"""The command line: the engine without a window, for servers and scripts. Knows nothing of Qt and torch."""
