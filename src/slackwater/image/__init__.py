"""Images: a host prepared once, so that instances boot with everything in place."""
