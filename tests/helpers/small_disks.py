"""Small disks that a benchmark can fill up or let fail: on Linux, as root, in a mount namespace."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

DISK = 700 << 20
IN_OWN_NAMESPACE = "--in-own-namespace"


def enter_own_namespace(module: str) -> None:
    """Restart this benchmark in a mount namespace of its own; continue without one where that is impossible."""
    if IN_OWN_NAMESPACE in sys.argv or sys.platform != "linux" or os.geteuid() != 0:
        return
    unshare = shutil.which("unshare")
    if (
        unshare
        and subprocess.run([unshare, "--mount", "true"], check=False, capture_output=True).returncode == 0
    ):
        os.execv(unshare, [unshare, "--mount", sys.executable, "-m", module, *sys.argv[1:], IN_OWN_NAMESPACE])


class SmallDisk:
    """A disk in memory that can be filled up."""

    def __init__(self, folder: Path) -> None:
        """Mount it. Raises OSError where that is impossible."""
        self.folder = folder
        folder.mkdir()
        _do("mount", "-t", "tmpfs", "-o", f"size={DISK}", "tmpfs", str(folder))
        self._ballast = folder / "ballast"

    def break_down(self, free: int) -> None:
        """Fill the disk up to `free` bytes."""
        with self._ballast.open("wb") as stream:
            while (size := self._free() - free) > 0:
                # Other writers may leave less.
                with suppress(OSError):
                    os.posix_fallocate(stream.fileno(), 0, size)
                    return

    def _free(self) -> int:
        disk = os.statvfs(self.folder)
        return disk.f_bavail * disk.f_frsize

    def repair(self) -> None:
        """Free the space again."""
        self._ballast.unlink()

    def close(self) -> None:
        """Unmount it."""
        _do("umount", str(self.folder))


class FailingDisk:
    """A file system in a file that turns read-only at its first error, with a trigger for that error."""

    def __init__(self, folder: Path) -> None:
        """Mount it. Raises OSError where that is impossible."""
        self.folder = folder
        self._image = folder.with_name("image")
        with self._image.open("wb") as stream:
            stream.truncate(DISK)
        _do("mkfs.ext4", "-q", "-F", str(self._image))
        folder.mkdir()
        self._mount()

    def _mount(self) -> None:
        _do("mount", "-o", "loop,errors=remount-ro", str(self._image), str(self.folder))
        # mkfs creates it; a home has none.
        shutil.rmtree(self.folder / "lost+found", ignore_errors=True)

    def break_down(self, free: int) -> None:
        """Trigger an error of the file system, as when its disk is pulled out."""
        device = _do("findmnt", "-n", "-o", "SOURCE", str(self.folder)).strip()
        Path(f"/sys/fs/ext4/{Path(device).name}/trigger_fs_error").write_text(
            "by a benchmark", encoding="utf-8"
        )

    def repair(self) -> None:
        """Check the file system and mount it again, as after a restart: unwritten data is lost."""
        self.close()
        subprocess.run(["e2fsck", "-fy", str(self._image)], check=False, capture_output=True)
        self._mount()

    def close(self) -> None:
        """Unmount it."""
        _do("umount", str(self.folder))


def _do(*command: str) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except subprocess.CalledProcessError as error:
        raise OSError(error.stderr.strip() or f"{command[0]} ended with {error.returncode}") from error
