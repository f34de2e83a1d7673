"""Summaries over HTTP on this computer, in the form of OpenAI's chat completions."""
