"""Periodic jobs that are due once per slot of time, however many schedulers ask for them."""

from diana.periodic.slots import InvalidSlot, is_done, run_once, slot_of

__all__ = ["InvalidSlot", "is_done", "run_once", "slot_of"]
