"""Flower with a read-only account beside its operators', with the security headers, and without a server's name."""
