"""Input side of the playground."""
