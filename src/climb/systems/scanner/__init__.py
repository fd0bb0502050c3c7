"""A TCP port scanner that tells what answers on the open ports.

As a command: ``climb scan`` or ``python -m climb.systems.scanner``. From a program:

    async for found in scan("127.0.0.1", ports="1-1024"):
        print(found.port, found.service)

``scan_blocking`` is the same without asyncio. Scan only machines that are yours or whose owner has agreed.
"""

from __future__ import annotations

__all__ = ["Found", "Http", "ScanError", "ScanUsageError", "State", "Summary", "Tls", "scan", "scan_blocking"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from climb.systems.scanner.errors import ScanError, ScanUsageError
    from climb.systems.scanner.library import scan, scan_blocking
    from climb.systems.scanner.model import Found, Http, State, Summary, Tls
else:  # each is imported when it is asked for: the command needs none of them by these names
    _HOMES = {
        "Found": "model",
        "Http": "model",
        "ScanError": "errors",
        "ScanUsageError": "errors",
        "State": "model",
        "Summary": "model",
        "Tls": "model",
        "scan": "library",
        "scan_blocking": "library",
    }

    def __getattr__(name: str) -> object:
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        value = globals()[name] = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
        return value

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
