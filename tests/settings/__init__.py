"""Each type of setting by itself."""
