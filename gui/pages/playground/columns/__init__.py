"""The columns: one per model, with its summary, marks, figures and feedback."""
