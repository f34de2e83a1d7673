"""Small widgets that every page is made of. They know neither pages nor the engine."""
