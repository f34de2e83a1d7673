"""One thin module per job kind."""
