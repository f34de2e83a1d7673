"""The playground's parts: the columns, earlier tries, and their widgets."""
