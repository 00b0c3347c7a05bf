"""``python -m gateway`` is ``utpost``."""

import sys

from gateway.cli import main

sys.exit(main())
