"""The prompt in the form: its editor, its preview and its texts."""
