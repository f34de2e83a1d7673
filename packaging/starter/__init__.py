"""Makes everything the bundled starter consists of: the sample conversations, the tokenizer, the base model."""
