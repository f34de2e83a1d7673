"""Summaries to scores under one protocol, cached and paired."""
