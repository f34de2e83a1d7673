"""The grouped table view and the list around it."""
