"""Tells whether the hub may and can be reached, by a bare connection."""

from __future__ import annotations

import os
import socket
import threading
import urllib.request
from urllib.parse import urlsplit

from engine.errors import OfflineError
from engine.messages import say

HUB = "https://huggingface.co"
TIMEOUT_SECONDS = 4.0
PORTS = {"http": 80, "https": 443}


def offline() -> bool:
    """Tell whether no connection may be opened: `--offline` or `HF_HUB_OFFLINE=1`."""
    return os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}


def hub_address() -> str:
    """Return the hub's address; `HF_ENDPOINT` names another one."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or HUB


def require_hub(field: str | None = None) -> None:
    """Raise OfflineError within seconds unless the hub or its proxy accepts a connection.

    `field` is the form field that needs the hub.
    """
    if offline():
        raise OfflineError(
            "Tunesmith is offline.",
            "Start without --offline and HF_HUB_OFFLINE, or choose local files.",
            field,
        )
    host, port = _host_and_port()
    reason = failure(host, port)
    if reason:
        raise OfflineError(
            say("The hub can't be reached: {} {}.", host, reason),
            "Check the connection. Local models and conversations work without it.",
            field,
        )


def _host_and_port() -> tuple[str, int]:
    """Return host and port of the hub or its proxy. Raises OfflineError for an invalid address."""
    try:
        address = urlsplit(_proxy() or hub_address())
        return address.hostname or "", address.port or PORTS.get(address.scheme, 443)
    except ValueError:
        # Not quoted, since it may contain a password.
        raise OfflineError(
            "The address of the hub or its proxy is invalid.",
            "An address looks like https://host or https://user:password@host:8443.",
        ) from None


def _proxy() -> str:
    """Return the address of the system's proxy for the hub, "" without one."""
    address = urlsplit(hub_address())
    if urllib.request.proxy_bypass(address.hostname or ""):
        return ""
    return urllib.request.getproxies().get(address.scheme, "")


def failure(host: str, port: int) -> str:
    """Return why `host` accepts no connection, "" if it does.

    Runs in a thread, since name resolution has no timeout.
    """
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(_connect(host, port)), daemon=True)
    thread.start()
    thread.join(TIMEOUT_SECONDS)
    return answers[0] if answers else say("didn't answer within {:.0f} seconds", TIMEOUT_SECONDS)


def _connect(host: str, port: int) -> str:
    try:
        with socket.create_connection((host, port), TIMEOUT_SECONDS):
            return ""
    except socket.gaierror:
        return "can't be resolved"
    except TimeoutError:
        return say("didn't answer within {:.0f} seconds", TIMEOUT_SECONDS)
    except OSError as error:
        return say("refuses the connection ({})", error.strerror or error)
