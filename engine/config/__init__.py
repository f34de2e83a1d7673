"""What can be set: recipe, training, data, decoding, prompts, variants, changes."""
