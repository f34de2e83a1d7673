"""What becomes of an adapter elsewhere: models in other forms, each scored again before it counts."""
