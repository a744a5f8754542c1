"""What people agree to when they join, and in which version: raise one here when its text changes for the people."""

DOCUMENTS = {"privacy": "2026-11", "terms": "2026-11"}
