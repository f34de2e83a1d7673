"""Connects this process to a computer's Ray cluster. Turns what Ray says of failures into errors for a person."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from engine.computers import token
from engine.computers.computer import Computer
from engine.computers.tunnel import tunnel_to
from engine.errors import ComputerError
from engine.system import connection
from engine.system.command_name import command_name

NAMESPACE = "tunesmith"
ANSWER_SECONDS = 10.0
INSTALL = "Install it here: pip install 'tunesmith[cluster]'."
HEADER = "authorization"


@contextmanager
def connected(computer: Computer) -> Iterator[Any]:
    """Connect to a computer's cluster and yield the module `ray`. Raises ComputerError.

    A process has one connection at a time.
    """
    if connection.offline():
        raise ComputerError(
            f"Tunesmith is offline, so {computer.name} is not asked.",
            "Start it without --offline.",
            "computer",
        )
    secret = _secret(computer)
    with tunnel_to(computer) as address:
        _require_ray_client(computer, address, secret)
        ray = _initialized(computer, address)
        try:
            yield ray
        finally:
            with suppress(Exception):
                ray.shutdown()


def _secret(computer: Computer) -> str:
    """Return the token, "" for a cluster without one, and let Ray use it."""
    # A connection that is lost is made anew by us, within seconds.
    os.environ["RAY_CLIENT_RECONNECT_GRACE_PERIOD"] = "0"
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    secret = token.read(computer)
    os.environ["RAY_AUTH_MODE"] = "token" if secret else "disabled"
    if secret:
        os.environ["RAY_AUTH_TOKEN"] = secret
    return secret


def lost_connection_errors() -> tuple[type[Exception], ...]:
    """Return what Ray's client raises when a connection is lost in the middle of a call."""
    import grpc
    from ray.exceptions import RayError

    return (ConnectionError, RuntimeError, grpc.RpcError, RayError)


def _require_ray_client(computer: Computer, address: str, secret: str) -> None:
    """Return if Ray's client server answers at `address` and accepts the token: Ray alone would say of neither why."""
    host, _, port = address.rpartition(":")
    if reason := connection.failure(host.strip("[]"), int(port)):
        raise ComputerError(
            f"{computer.name} can't be reached: {computer.destination} {reason}.",
            f"Check the address, and whether the cluster is up: `{command_name()} node start` on its head starts it.",
            "address",
        )
    try:
        import grpc
        from ray.core.generated import ray_client_pb2, ray_client_pb2_grpc
    except ImportError as error:
        raise ComputerError("Ray is not installed.", INSTALL, "computer") from error
    request = ray_client_pb2.ClusterInfoRequest(type=ray_client_pb2.ClusterInfoType.PING)
    metadata = [(HEADER, f"Bearer {secret}")] if secret else []
    with grpc.insecure_channel(address) as channel:
        try:
            ray_client_pb2_grpc.RayletDriverStub(channel).ClusterInfo(
                request, timeout=ANSWER_SECONDS, metadata=metadata
            )
        except grpc.RpcError as error:
            raise _refusal(computer, error.code() == grpc.StatusCode.UNAUTHENTICATED, secret) from error


def _refusal(computer: Computer, unauthenticated: bool, secret: str) -> ComputerError:
    if not unauthenticated:
        message = f"What answers at {computer.destination} is no Ray cluster, or not one that is ready."
        return ComputerError(message, "Name the port of Ray's client server, usually 10001.", "address")
    wrong = f"{computer.name} does not accept this token." if secret else f"{computer.name} asks for a token."
    hint = (
        f"Copy the token's file from the head of the cluster: `{command_name()} node start` says where it is."
    )
    return ComputerError(wrong, hint, token.FIELD)


def _initialized(computer: Computer, address: str) -> Any:
    import ray

    try:
        _connect(ray, address)
    except RuntimeError as error:
        if "ersion mismatch" not in str(error):
            raise
        raise ComputerError(
            f"The Ray or the Python of {computer.name} is not that of this computer.",
            f"Install the same versions. {_first_lines(error)}",
            "computer",
        ) from error
    except ConnectionError as error:
        raise ComputerError(f"{computer.name} does not answer: {error}.", "Try again.", "computer") from error
    return ray


def _connect(ray: Any, address: str) -> None:
    """Connect, at the second try too: of the servers that Ray forks for each connection, some do not come up."""
    for is_last in (False, True):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                ray.init(f"ray://{address}", namespace=NAMESPACE, log_to_driver=False, logging_level="error")
        except ConnectionError:
            if is_last:
                raise
            ray.shutdown()
        else:
            return


def _first_lines(error: BaseException) -> str:
    return " ".join(line.strip() for line in str(error).splitlines()[:4])


def code_path() -> str:
    """Return the folder that has `engine` in it, which the processes of a node import from."""
    return str(Path(__file__).resolve().parents[2])
