"""The playground's parts: the columns, earlier tries, the worker's session, and their widgets."""
