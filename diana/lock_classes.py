"""The first numbers of all advisory locks of two numbers, in one list so that no two uses share one."""

from enum import IntEnum, unique


@unique
class LockClass(IntEnum):
    """What the lock means; the second number says for which process or thing."""

    SENDER = 7_301
    RELAY = 7_302
    CLOCK = 7_303
    WORKER = 7_304
    POLLER = 7_305
    STAFF = 7_306
    LOGIN = 7_307
    LOGIN_ADDRESS = 7_308
