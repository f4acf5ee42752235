"""Production: what it says beats what its groups say."""

environment = "production"
_sudo = True
