"""What keeps Windows from opening a console for a program: a value for `creationflags`, 0 elsewhere.

Such a program has a console of its own that isn't shown. So Ctrl+C in a terminal doesn't reach it, nor what it starts.
"""

import subprocess

NO_WINDOW: int = getattr(subprocess, "CREATE_NO_WINDOW", 0)
