"""Achievements in the pure core: strategies by family, the definitions that staff write, and their evaluation."""
