"""The proof: every method of the registry, in each variant, on every kind of base model, plain and quantized."""
