"""Basic widgets of all pages. They know neither pages nor the engine."""
