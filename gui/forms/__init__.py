"""Forms derived from the engine's option declarations."""
