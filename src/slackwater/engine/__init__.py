"""pyinfra made fast: one command asks, one command writes, nothing is asked twice."""
