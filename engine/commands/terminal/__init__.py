"""What verbs share: parser, output, following a job, texts."""
