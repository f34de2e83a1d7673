"""The pages of the window, one for each entry of the rail."""
