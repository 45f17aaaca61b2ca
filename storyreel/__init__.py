"""The process: settings, wiring, the ASGI application and the command line."""

import sys
from pathlib import Path

# An installed Storyreel keeps its packages below its own name; a checkout has them side by side.
_installed = Path(__file__).parent / "_app"
if _installed.is_dir():
    sys.path.insert(0, str(_installed))
