"""What is inside an attached file: its texts, the files within it, and the state of each.

Everything here reads strangers' files with other people's libraries, so it is only ever called in a process that may
die of it (``gateway.offload``). A reader yields what it finds as it goes; what it raises in the end is a state.
"""

from gateway.extract.opener import Opener

__all__ = ["Opener"]
