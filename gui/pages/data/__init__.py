"""The data page: checks data and shows findings and rows."""
