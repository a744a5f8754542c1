"""One version of a small app, as a Django application."""
