"""Maintenance: checks of this computer, disk usage, and licences."""
