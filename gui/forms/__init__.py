"""Forms made from what the engine declares of its options: no field is described here a second time."""
