"""Who owns worker processes, follows them and shares the device; no widgets."""
