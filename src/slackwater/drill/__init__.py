"""A group boots and scales on one machine under load, and what people lose is counted."""
