"""`python -m tunesmith`."""

import sys

from tunesmith import command

sys.exit(command())
