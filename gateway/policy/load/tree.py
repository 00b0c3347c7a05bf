"""The policy files as text, read once, with a version that changes when any of them does."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from gateway.model import InvalidConfiguration, Problem

MAX_FILE_OCTETS: Final = 32 * 1024 * 1024
MAX_FILES: Final = 2000

_NO_POLICY: Final = frozenset({".md", ".swp", ".bak", ".orig"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Tree:
    """All policy files."""

    files: Mapping[str, str]
    """Path relative to the folder, with ``/`` → text. Documentation, hidden files and editors' leftovers stay out."""
    version: str
    """12 hexadecimal digits; the same files give the same version on any machine."""


def read_tree(directory: Path) -> Tree:
    """Read all policy files below ``directory``. Raises InvalidConfiguration with every file that cannot be read."""
    if not directory.is_dir():
        raise InvalidConfiguration([Problem(file=str(directory), key="", text="is no folder with policies")])
    files: dict[str, str] = {}
    problems: list[Problem] = []
    digest = hashlib.sha256()
    for path in _policy_files(directory):
        name = path.relative_to(directory).as_posix()
        try:
            octets = _read(path)
            files[name] = octets.decode("utf-8-sig").replace("\r\n", "\n")
        except ValueError as error:
            problems.append(_unreadable(name, error))
        else:
            digest.update(f"{name}\0{len(octets)}\0".encode())
            digest.update(octets)
        if len(files) > MAX_FILES:
            problems.append(Problem(file=str(directory), key="", text=f"holds more than {MAX_FILES} files"))
            break
    if problems:
        raise InvalidConfiguration(problems)
    return Tree(files=files, version=digest.hexdigest()[:12])


def _policy_files(directory: Path) -> Iterator[Path]:
    found: list[Path] = []
    for folder, folders, names in os.walk(directory):
        folders[:] = [name for name in folders if not name.startswith((".", "__"))]
        found += [Path(folder, name) for name in names if _is_policy(name)]
    return iter(sorted(path for path in found if path.is_file()))


def _is_policy(name: str) -> bool:
    return not name.startswith((".", "#")) and not name.endswith("~") and Path(name).suffix not in _NO_POLICY


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            octets = stream.read(MAX_FILE_OCTETS + 1)
    except OSError as error:
        raise ValueError(f"cannot be read: {error.strerror}") from None
    if len(octets) > MAX_FILE_OCTETS:
        raise ValueError(f"is larger than {MAX_FILE_OCTETS // 1024**2} MiB; is this the right file?")
    return octets


def _unreadable(name: str, error: ValueError) -> Problem:
    if isinstance(error, UnicodeDecodeError):
        line = error.object.count(b"\n", 0, error.start) + 1
        return Problem(file=name, key="", text="is not UTF-8 text", line=line)
    return Problem(file=name, key="", text=str(error))
