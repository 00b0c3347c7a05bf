"""The relay's side: a sans-IO reply parser and the connections that use it."""
