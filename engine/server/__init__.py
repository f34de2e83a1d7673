"""Summaries over HTTP on this computer, as OpenAI's chat completions."""
