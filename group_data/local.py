"""The lab on this machine."""

environment = "development"
