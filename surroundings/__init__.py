"""The demo on machines and in shells that differ from this one."""
