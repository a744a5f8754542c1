"""High availability, with real servers on loopback; what takes longer is in drill_*.py and runs by `make drills`."""
