"""Graphics cards of this computer: which there are, which are seen, and what torch can use."""
