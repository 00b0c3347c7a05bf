"""The commands: each module holds a few that belong together, ``add_<command>`` for their arguments first."""
