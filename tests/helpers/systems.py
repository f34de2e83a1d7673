"""The system that the product runs on. Of a pretended one the product's modules know, the tests' own don't."""

from engine.system import files, sandbox

WINDOWS = files.os.name == "nt"
LINUX = sandbox.sys.platform == "linux"
