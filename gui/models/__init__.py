"""Qt item models and their readers. No widgets."""
