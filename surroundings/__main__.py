"""`make surroundings`: the demo in every surrounding; a table; status 0 only if nothing differs anywhere."""

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from diana.local.commands import interruptible, say
from diana.local.instance import ROOT
from surroundings.catalogue import surroundings
from surroundings.clones import current_commit, end_processes, make_place, remove_place, workplace
from surroundings.errors import Different
from surroundings.playing import play
from surroundings.pythons import find_pythons
from surroundings.surrounding import Surrounding

# Not /tmp: one surrounding has it full.
WHERE = Path("/var/tmp")


def main(arguments: Sequence[str] | None = None) -> int:
    """Play in the chosen surroundings and return the status: 1 at a difference, 2 if one cannot be made here."""
    chosen = parser().parse_args(arguments)
    known = surroundings(find_pythons(chosen.python))
    if chosen.list:
        say("\n".join(f"{one.name:<20}{one.about}" for one in known))
        return 0
    wanted = [one for one in known if not chosen.only or one.name in chosen.only]
    if unknown := set(chosen.only) - {one.name for one in known}:
        say(f"There is no surrounding {', '.join(sorted(unknown))}: --list names all.")
        return 2
    lacking = [f"{one.name}: {reason}" for one in wanted if (reason := one.lacks())]
    if lacking and not chosen.keep_going:
        say("\n".join([*lacking, "Nothing was played; --keep-going plays the others."]))
        return 2
    warn_of_changes()
    with interruptible(), workplace(chosen.where, keep=chosen.keep) as folder:
        return play_all(wanted, folder, keep_going=chosen.keep_going, keep=chosen.keep)


def play_all(wanted: Sequence[Surrounding], folder: Path, *, keep_going: bool, keep: bool) -> int:
    """Play one after the other and print a row for each; stop at the first that differs unless told to go on."""
    say(f"{'surrounding':<20}{'outcome':<14}{'seconds':>7}")
    failed = 0
    commit = current_commit()
    for surrounding in wanted:
        began = time.monotonic()
        outcome, why = play_one(surrounding, folder, commit, keep=keep)
        say(f"{surrounding.name:<20}{outcome:<14}{time.monotonic() - began:>7.0f}")
        if why:
            failed += 1
            say(why)
            if not keep_going:
                break
    say(f"\n{len(wanted)} surroundings, {failed or 'none'} of them with a difference.")
    return 1 if failed else 0


def play_one(surrounding: Surrounding, folder: Path, commit: str, *, keep: bool) -> tuple[str, str]:
    """Play once; return the outcome and, if it is not as it should be, why."""
    if reason := surrounding.lacks():
        return "cannot be made", reason
    cache = folder / f"cache-{surrounding.uid}"
    place = make_place(folder, surrounding, commit)
    try:
        play(surrounding, place, cache)
    except Different as difference:
        return "differs", str(difference)
    finally:
        end_processes(place.folder)
        if surrounding.installs and not keep:
            remove_place(place)
    return "refused" if surrounding.refused else "as usual", ""


def warn_of_changes() -> None:
    """Say that what is not committed is not played."""
    status = subprocess.run(
        ["git", "-C", str(ROOT), "status", "--porcelain"], capture_output=True, text=True, check=True
    )
    if status.stdout:
        say("What is not committed here is not played: clones have the current commit.\n")


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser(prog="make surroundings", description=__doc__)
    made.add_argument("--list", action="store_true", help="name the surroundings")
    made.add_argument("--only", action="append", default=[], metavar="NAME", help="play there alone; may be repeated")
    made.add_argument("--keep-going", action="store_true", help="go on after a difference")
    made.add_argument("--keep", action="store_true", help="keep the clones")
    made.add_argument("--python", action="append", default=[], metavar="PATH", help="an interpreter; may be repeated")
    made.add_argument("--where", type=Path, default=WHERE, help=f"folder for the clones (default: {WHERE})")
    return made


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
