"""The labelling page: writing reference summaries by hand or from drafts."""
