"""The playground: summarise conversations with the base model and adapters, side by side."""
