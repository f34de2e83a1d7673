"""The help page: topics from the engine's declarations, drawings, and the view of one topic."""
