"""Figures that the README quotes. One command each: `python3 packaging/dev.py bench NAME`. They assert nothing."""
