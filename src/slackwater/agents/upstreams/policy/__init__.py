"""Who serves: pure functions from what is known and what was reported to what is known now, and why."""
