"""Draw the program's icon in the sizes that desktops ask for, from its SVG.

    python packaging/icons.py FOLDER     writes FOLDER/<size>x<size>.png

Needs Qt, so it runs in the environment, off screen.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication, QImage, QPainter
from PySide6.QtSvg import QSvgRenderer

SVG = Path(__file__).resolve().parent.parent / "resources" / "tunesmith.svg"
SIZES = (16, 24, 32, 48, 64, 128, 256, 512)


def draw(folder: Path) -> list[Path]:
    """Write a picture of each size and return their files."""
    renderer = QSvgRenderer(str(SVG))
    folder.mkdir(parents=True, exist_ok=True)
    return [_drawn(renderer, size, folder / f"{size}x{size}.png") for size in SIZES]


def _drawn(renderer: QSvgRenderer, size: int, file: Path) -> Path:
    picture = QImage(size, size, QImage.Format.Format_ARGB32)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    renderer.render(painter)
    painter.end()
    if not picture.save(str(file)):
        raise OSError(f"{file} can't be written.")
    return file


if __name__ == "__main__":
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QGuiApplication(sys.argv[:1])
    draw(Path(sys.argv[1]))
