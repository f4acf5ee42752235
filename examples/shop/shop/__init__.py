"""A small shop front that shows what a deployment does to an app."""
