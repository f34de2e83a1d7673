"""The page that compares runs with the base model, conversation by conversation."""
