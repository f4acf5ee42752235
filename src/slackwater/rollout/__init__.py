"""Changes of a whole fleet: releases batch by batch, and back."""
