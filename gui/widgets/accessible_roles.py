"""Accessible roles of painted widgets: each class declares its own as `accessible_role`.

Qt knows only the roles of its own controls.
"""

from __future__ import annotations

from PySide6.QtCore import QObject
from PySide6.QtGui import QAccessible, QAccessibleInterface
from PySide6.QtWidgets import QAccessibleWidget, QWidget


def install() -> None:
    """Register the roles with Qt; once per program."""
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
