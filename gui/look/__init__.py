"""Design tokens, fonts, icons, style sheet, number formats, translation."""
