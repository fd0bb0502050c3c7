"""A TCP port scanner that tells what answers on the open ports.

As a command: ``climb scan`` or ``python -m climb.systems.scanner``. From a program:

    async for found in scan("127.0.0.1", ports="1-1024"):
        print(found.port, found.service)

``scan_blocking`` is the same without asyncio. Scan only machines that are yours or whose owner has agreed.
"""

from climb.systems.scanner.errors import ScanError, ScanUsageError
from climb.systems.scanner.library import scan, scan_blocking
from climb.systems.scanner.model import Found, Http, State, Summary, Tls

__all__ = ["Found", "Http", "ScanError", "ScanUsageError", "State", "Summary", "Tls", "scan", "scan_blocking"]
