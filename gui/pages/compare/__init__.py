"""The page that compares adapters with their base, with each other, and with what other systems wrote."""
