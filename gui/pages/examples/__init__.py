"""The parts of the page that compares a run with its base, conversation by conversation."""
