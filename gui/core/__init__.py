"""Small Qt helpers without widgets: actions, timers, saved state, background tasks, preferences."""
