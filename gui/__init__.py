"""The window. It reaches the engine through `engine.api` alone."""
