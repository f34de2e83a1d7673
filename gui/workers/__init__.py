"""Owns worker processes, follows them and shares the device. No widgets."""
