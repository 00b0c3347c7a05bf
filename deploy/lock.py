"""Write deploy/constraints.txt: the versions that the tests ran with, of what Utpost needs to run, with their licences.

usage: deploy/lock.py [--check]     with --check nothing is written; exit code 1 where a licence does not fit
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import Distribution, distribution
from pathlib import Path
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

FILE: Final = Path(__file__).with_name("constraints.txt")
ALLOWED: Final = (
    *("MIT", "BSD", "0BSD", "Apache", "ISC", "MPL-2.0", "MPL 2.0", "PSF", "Python Software Foundation", "Zlib", "zlib"),
    *("HPND", "LGPL", "Lesser General Public License", "CC0", "Unlicense", "EUPL", "Public Domain"),
)
"""Compatible with EUPL-1.2 for a program that uses them as libraries."""
PYTHONS: Final = ({}, {"python_full_version": "3.11.2"})
"""The Python that runs this, and Debian 12's own: redis leans on one more distribution there."""


def needed() -> dict[str, Distribution]:
    """Return every distribution that Utpost without extras leans on, by name, itself left out."""
    found: dict[str, Distribution] = {}
    todo = [Requirement("utpost")]
    while todo:
        requirement = todo.pop()
        name = canonicalize_name(requirement.name)
        if name in found and not requirement.extras:
            continue
        found[name] = distribution(name)
        for line in found[name].requires or ():
            below = Requirement(line)
            extras = requirement.extras or {""}
            places = [{**python, "extra": extra} for python in PYTHONS for extra in extras]
            if below.marker is None or any(map(below.marker.evaluate, places)):
                todo.append(below)
    del found["utpost"]
    return dict(sorted(found.items()))


def licence(found: Distribution) -> str:
    """Return what a distribution says about its licence, in one line."""
    told = found.metadata
    classifiers = [c.rpartition(" :: ")[2] for c in told.get_all("Classifier") or () if c.startswith("License ::")]
    said = told.get("License-Expression") or "; ".join(filter(None, [*classifiers, told.get("License", "")]))
    return " ".join(said.split("\n")[0].split())[:80]


def lines(distributions: dict[str, Distribution]) -> Iterator[str]:
    """Yield the file."""
    yield "# Made by deploy/lock.py: the versions that are tested, with the licence that each declares."
    yield from (f"{name}=={found.version}  # {licence(found)}" for name, found in distributions.items())


def unfit(distributions: dict[str, Distribution]) -> list[str]:
    """Return a line for each licence that nobody has allowed."""
    return [
        f"{name}: licence {licence(found) or 'unknown'!r}"
        for name, found in distributions.items()
        if not any(word in licence(found) for word in ALLOWED)
    ]


def main() -> int:
    """Write or check."""
    distributions = needed()
    problems = unfit(distributions)
    if "--check" not in sys.argv[1:]:
        FILE.write_text("\n".join(lines(distributions)) + "\n", "utf-8")
    else:
        kept = {line.partition("==")[0] for line in FILE.read_text("utf-8").splitlines() if "==" in line}
        problems += [f"{name} is not in {FILE.name}: run deploy/lock.py" for name in distributions if name not in kept]
    print("\n".join(problems) or f"{len(distributions)} distributions, every licence allowed")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
