"""What `scripts/bench` measures: one module a part, and what they share in bench.py."""
