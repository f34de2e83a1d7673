"""What tests of several packages share: tiny models, homes with runs and adapters, workers from a script."""
