"""One converge and the next: what changes, what rests, what a fault leaves."""
