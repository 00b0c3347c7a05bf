"""From the files under ``policies/`` to one ``Policy``; every mistake is listed at once with file, key and line."""

from gateway.policy.load.build import load_policy
from gateway.policy.load.tree import Tree, read_tree
from gateway.policy.load.warnings import warnings

__all__ = ["Tree", "load_policy", "read_tree", "warnings"]
