"""Choose and explain a method."""
