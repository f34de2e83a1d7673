"""The window: everything that is seen. It reaches the engine through `engine.api` alone."""
