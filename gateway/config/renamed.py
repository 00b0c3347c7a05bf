"""Keys under the names they had: they still work for one minor version, and whoever uses them is told the new name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

RENAMED: Final[Mapping[str, str]] = MappingProxyType({})
"""Old dotted key → new one. An entry leaves with the next minor version (docs/upgrades.md)."""


def used(tree: Mapping[str, Any], renamed: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield (old, new) for each old key that stands in a tree of settings."""
    for old, new in renamed.items():
        if _found(tree, old.split(".")) is not None:
            yield old, new


def moved(tree: dict[str, Any], old: str, new: str) -> bool:
    """Move a value from its old place to the new one; False, and nothing changes, where both are set."""
    *tables, name = old.split(".")
    source = _found(tree, tables)
    target: Any = tree
    *tables, new_name = new.split(".")
    for table in tables:
        target = target.setdefault(table, {})
        if not isinstance(target, dict):
            return False
    if source is None or new_name in target:
        return False
    target[new_name] = source.pop(name)
    return True


def _found(tree: Any, path: list[str]) -> Any:
    for name in path:
        if not isinstance(tree, dict) or name not in tree:
            return None
        tree = tree[name]
    return tree
