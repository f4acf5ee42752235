"""How: one module is one role is one @deploy function."""
