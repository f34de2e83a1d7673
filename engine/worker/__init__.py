"""The worker: the one process with torch in it. It does a single job and speaks through the job's folder."""
