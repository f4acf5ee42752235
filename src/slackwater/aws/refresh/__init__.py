"""Instance refresh: AWS replaces the group's instances by those of the newest template version, or goes back."""
