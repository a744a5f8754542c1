"""The command lines of single measurements: each takes numbers or nothing, and explains itself."""

import argparse
from typing import TypeVar

Number = TypeVar("Number", int, float)


def no_arguments(program: str, text: str | None) -> None:
    """Read a command line that has no arguments."""
    _parser(program, text).parse_args()


def one_number(program: str, text: str | None, name: str, default: Number) -> Number:
    """Read a command line that may have one number, of the default's type."""
    parser = _parser(program, text)
    parser.add_argument("number", nargs="?", type=type(default), default=default, metavar=name)
    found: Number = parser.parse_args().number
    return found


def whole_numbers(program: str, text: str | None, name: str, default: tuple[int, ...]) -> tuple[int, ...]:
    """Read a command line that may have any number of whole numbers."""
    parser = _parser(program, text)
    parser.add_argument("numbers", nargs="*", type=int, metavar=name)
    return tuple(parser.parse_args().numbers) or default


def _parser(program: str, text: str | None) -> argparse.ArgumentParser:
    return argparse.ArgumentParser(
        prog=f"python -m {program}", description=text, formatter_class=argparse.RawDescriptionHelpFormatter
    )
