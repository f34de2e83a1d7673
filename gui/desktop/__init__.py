"""Tray, taskbar, single instance, crash report, system load."""
