"""The Hugging Face Hub: cost, download, cache, errors."""
