"""Whether the hub may and can be reached. Opens no more than a bare connection; others speak over it."""

from __future__ import annotations

import os
import socket
import threading
import urllib.request
from urllib.parse import urlsplit

from engine.errors import OfflineError

HUB = "https://huggingface.co"
TIMEOUT_SECONDS = 4.0
PORTS = {"http": 80, "https": 443}


def offline() -> bool:
    """Tell whether no connection may be opened: `--offline` or `HF_HUB_OFFLINE=1`."""
    return os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}


def hub_address() -> str:
    """Return the hub's address; `HF_ENDPOINT` names another one."""
    return os.environ.get("HF_ENDPOINT", "").rstrip("/") or HUB


def require_hub() -> None:
    """Return if the hub, or the proxy before it, takes a connection. Raises OfflineError, in seconds."""
    if offline():
        raise OfflineError(
            "Tunesmith is offline, so nothing is fetched from the hub.",
            "Start it without --offline and HF_HUB_OFFLINE, or choose a folder on this computer.",
        )
    host, port = _host_and_port()
    reason = _trouble(host, port)
    if reason:
        raise OfflineError(
            f"The hub can't be reached: {host} {reason}.",
            "Check the connection. Models and conversations in folders work without it.",
        )


def _host_and_port() -> tuple[str, int]:
    """Return where a connection to the hub begins. Raises OfflineError for an address that is none."""
    try:
        address = urlsplit(_proxy() or hub_address())
        return address.hostname or "", address.port or PORTS.get(address.scheme, 443)
    except ValueError:
        # What is wrong with it is not quoted: that may be a part of a password.
        raise OfflineError(
            "The hub's address, or that of the proxy before it, is not one.",
            "An address looks like https://host or https://user:password@host:8443.",
        ) from None


def _proxy() -> str:
    """Return the proxy's address if the system has one for the hub."""
    address = urlsplit(hub_address())
    if urllib.request.proxy_bypass(address.hostname or ""):
        return ""
    return urllib.request.getproxies().get(address.scheme, "")


def _trouble(host: str, port: int) -> str:
    """Return why `host` takes no connection, or nothing.

    In a thread, because looking a name up has no time limit of its own.
    """
    answers: list[str] = []
    thread = threading.Thread(target=lambda: answers.append(_connect(host, port)), daemon=True)
    thread.start()
    thread.join(TIMEOUT_SECONDS)
    return answers[0] if answers else f"does not answer within {TIMEOUT_SECONDS:.0f} seconds"


def _connect(host: str, port: int) -> str:
    try:
        with socket.create_connection((host, port), TIMEOUT_SECONDS):
            return ""
    except socket.gaierror:
        return "is not a known name on this network"
    except TimeoutError:
        return f"does not answer within {TIMEOUT_SECONDS:.0f} seconds"
    except OSError as error:
        return f"refuses the connection ({error.strerror or error})"
