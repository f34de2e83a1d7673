"""Shared by the verbs: parser, output, following a job, consent, texts."""
