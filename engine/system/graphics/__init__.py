"""The GPUs of this computer: which there are, which are visible, and which torch can use."""
