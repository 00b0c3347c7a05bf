"""Whose a new file in the state folder is: a command that root runs must not lock the service out of it."""

from __future__ import annotations

import os
from pathlib import Path


def create(path: Path) -> int:
    """Return a descriptor to write to a new file, mode 600, of the folder's owner. Raises OSError, FileExistsError too.

    Only a file that was not there is given away: what a name leads to may be somebody else's.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    if os.geteuid() == 0:
        folder = path.parent.stat()
        os.fchown(descriptor, folder.st_uid, folder.st_gid)
    return descriptor
