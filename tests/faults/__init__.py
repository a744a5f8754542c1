"""What must survive when processes die, with real processes."""
