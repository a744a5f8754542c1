"""The backbone: the event bus, audit, periodic jobs and local services; knows no domain."""
