"""Pure text functions: turns, chunks, PII, Unicode, encodings, duplicates."""
