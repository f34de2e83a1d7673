"""The playground's menus of adapters and base models. They list the choices and emit nothing themselves."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu, QWidget

from gui.look.language import tr
from gui.look.shown_texts import menu_text
from gui.pages.playground.columns import choices
from gui.pages.playground.controller import Controller


def adapter_menu(parent: QWidget, controller: Controller) -> QMenu:
    """Return a menu of all adapters; those that don't fit are disabled and show the reason."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for choice in controller.adapter_choices():
        text = choice.reason or choices.entry(choice.adapter).about
        action = menu.addAction(f"{menu_text(choice.adapter.name)}   {menu_text(text)}")
        action.setEnabled(choice.fits)
        action.setData(choice.adapter.id)
    if menu.isEmpty():
        menu.addAction(tr("No adapters yet. Train one, or import one in the library.")).setEnabled(False)
    return menu


def base_menu(parent: QWidget, controller: Controller) -> QMenu:
    """Return a menu of the base models."""
    menu = QMenu(parent)
    menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    for base_id in controller.base_choices():
        action = menu.addAction(menu_text(choices.base_title(base_id)))
        action.setCheckable(True)
        action.setChecked(base_id == controller.base_id)
        action.setData(base_id)
    menu.addSeparator()
    unload = menu.addAction(tr("Unload the base model"), controller.unload)
    unload.setEnabled(controller.can_unload)
    return menu
