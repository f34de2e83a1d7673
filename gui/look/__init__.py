"""The look: colours, type, icons, the style of the whole window."""
