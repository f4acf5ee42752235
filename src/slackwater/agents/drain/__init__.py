"""Runs on every app and worker VM: learns that the host is to leave, and takes it out without losing a request."""
