"""Prompts to summaries: batching, prefill, decoding loop, search."""
