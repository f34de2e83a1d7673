"""What drawn widgets are to readers of the screen: each class says its role, as `accessible_role`.

Qt knows the roles of its own controls; of a widget that paints itself it knows none.
"""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget


def install() -> None:
    """Let readers of the screen ask here; once is enough for a program."""
    if not _State.installed:
        _State.installed = True
        QAccessible.installFactory(_interface)


class _State:
    installed = False


def _interface(_class_name: str, found: QObject) -> QAccessibleInterface | None:
    role = getattr(found, "accessible_role", None)
    if isinstance(found, QWidget) and isinstance(role, QAccessible.Role):
        return QAccessibleWidget(found, role)
    return None
