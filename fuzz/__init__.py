"""`make fuzz`: updates as bots meet them, each with what must come of it, and ten thousand mutations of them."""
