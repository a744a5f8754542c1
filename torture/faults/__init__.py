"""The faults, each a function that falls upon a world and ends by itself; named after the list in docs/torture.md."""

from torture.faults import broker, database, network, telegram, workers
from torture.faults.registry import Fault, all_faults

__all__ = ["Fault", "all_faults", "broker", "database", "network", "telegram", "workers"]
