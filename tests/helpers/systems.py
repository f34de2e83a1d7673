"""The system that the product runs on, and what can't be tested on which, with the reason.

Of a pretended system the product's modules know, the tests' own don't.
"""

import pytest

from engine.system import files, sandbox

WINDOWS = files.os.name == "nt"
LINUX = sandbox.sys.platform == "linux"
MACOS = sandbox.sys.platform == "darwin"


# Where a helper skips.
SHELL_SCRIPT = "the script, or the program's stand-in, is for a POSIX shell"


def _not_on_windows(reason):
    return pytest.mark.skipif(WINDOWS, reason=reason)


def _on_linux_alone(reason):
    return pytest.mark.skipif(not LINUX, reason=reason)


deletable_open_files = _not_on_windows("Windows keeps a file that is open")
deletable_working_folders = _not_on_windows("Windows keeps the folder that a process works in")
file_limits = _not_on_windows("Windows has no limit of open files to set")
forks = _not_on_windows("Windows has no fork")
forbidden_names = _not_on_windows("no file of Windows can be called like the test's")
modes = _not_on_windows("Windows has no modes: what is below a user's profile is private")
shell_scripts = _not_on_windows(SHELL_SCRIPT)
signals = _not_on_windows("Windows has no signals: a process can only be ended")
sleep_helpers = _not_on_windows("Windows needs no other program to stay awake")
socket_files = _not_on_windows("Windows has named pipes, which are in no folder")
synced_names = _not_on_windows("Windows writes names in order and has no sync of folders")
special_files = _on_linux_alone("pipes, devices and links are those of Linux")
facts_of_processes = _on_linux_alone("looks at what Linux tells of processes")
memory_limits = _on_linux_alone("Linux alone refuses memory at the limit; elsewhere it is measured")
menus = _on_linux_alone("menu entries are those of Linux desktops")
names_of_bytes = _on_linux_alone("names of files are Unicode elsewhere")
words_of_linux = _on_linux_alone("other systems tell some of these errors in other words")
