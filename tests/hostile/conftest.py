"""Fixtures of the tests with hostile files."""

from tests.helpers.sandboxes import _sandbox_ends  # noqa: F401
