"""Check that what is installed is complete: run by the new environment's Python, which has pip and the lock's packages.

pip is told to install the lock file and nothing else, so it does not say when the lock file lacks something; and
`pip check` does not look at extras.
"""

import re
import sys
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

# The environment has pip before it has anything else; `packaging` itself may be what is missing.
from pip._vendor.packaging.requirements import Requirement

# What stands before the hashes of a package.
PINNED = re.compile(r"^[A-Za-z0-9](?:(?! --| \\| #).)*", re.MULTILINE)


def main(locks: list[str]) -> str | int:
    """Return what the lock files lack, or 0."""
    wanted = [Requirement(line.strip()) for path in locks for line in PINNED.findall(Path(path).read_text("utf-8"))]
    lacking = missing(wanted)
    if not lacking:
        return 0
    return "\n".join(
        [*lacking, "The lock files do not hold all that their packages need: `make requirements`, commit, try again."]
    )


def missing(wanted: list[Requirement]) -> list[str]:
    """Return a sentence for each requirement that nothing installed meets, extras included, walking from `wanted`."""
    waiting = [(requirement, "", "the lock file") for requirement in wanted]
    visited: set[tuple[str, str]] = set()
    lacking: dict[str, None] = {}
    while waiting:
        requirement, extra, asker = waiting.pop()
        if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
            continue
        found = installed(requirement)
        if found is None:
            lacking[f"{asker} needs {requirement}, which is not installed."] = None
            continue
        if not requirement.specifier.contains(found.version, prereleases=True):
            lacking[f"{asker} needs {requirement}, and {found.version} is installed."] = None
        for asked in ("", *requirement.extras):
            if (found.name, asked) not in visited:
                visited.add((found.name, asked))
                needs = f"{found.name}[{asked}]" if asked else found.name
                waiting += [(Requirement(line), asked, needs) for line in found.requires or ()]
    return list(lacking)


def installed(requirement: Requirement) -> Distribution | None:
    """Return the installed package of the requirement's name."""
    try:
        return distribution(requirement.name)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
