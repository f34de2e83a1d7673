"""The history of the playground: entries, their store, their list."""
