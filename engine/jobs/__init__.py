"""The job folder: commands in, events out, worker process, run state from events."""
