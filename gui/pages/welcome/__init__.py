"""The parts of the first-run guide: cards to choose from, and steps, of which one is open."""
