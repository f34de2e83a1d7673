"""The parts of the help page: topics drawn from the declarations, drawings, and the view of one topic."""
