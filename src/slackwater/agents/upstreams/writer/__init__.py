"""What was decided, brought to nginx and to the disk."""
