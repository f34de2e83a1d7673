"""What summaries score, from their texts alone: ROUGE, chrF, languages, files of any system. Loads no model."""
