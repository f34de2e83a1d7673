"""Other computers that runs can be sent to."""
