"""Garbage collection during the start of a process: all that is imported stays, and searching it takes a fifth of the start."""

import gc

# A start makes some hundred thousand objects; if its end is never said, garbage is still collected, though seldom.
_THRESHOLD = 1_000_000
_usual = gc.get_threshold()


def begin() -> None:
    """Put off the collection of garbage; to be called before the imports."""
    gc.set_threshold(_THRESHOLD)


def end() -> None:
    """Collect garbage as usual, except among what is there now; forked children share that memory untouched."""
    gc.freeze()
    gc.set_threshold(*_usual)
