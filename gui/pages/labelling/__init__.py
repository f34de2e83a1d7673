"""The labelling page's parts: the way through the conversations, drafts, the desk where it comes together, widgets."""
