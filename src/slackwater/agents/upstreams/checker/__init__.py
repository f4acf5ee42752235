"""How the backends are: each is asked two questions again and again; the answers are reported, nothing is decided."""
