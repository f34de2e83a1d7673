"""The long-lived playground worker: requests, columns, streams."""
