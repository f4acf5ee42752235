"""The shop's small sister on WSGI: the same questions, asked of threads instead of an event loop."""
