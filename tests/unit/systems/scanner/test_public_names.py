"""What programs may import."""

from __future__ import annotations

import subprocess
import sys

from climb.systems import scanner


def test_the_public_names_are_these() -> None:
    """A name that is added or removed is a decision, not an accident."""
    assert scanner.__all__ == [
        "Found",
        "Http",
        "ScanError",
        "ScanUsageError",
        "State",
        "Summary",
        "Tls",
        "scan",
        "scan_blocking",
    ]
    assert all(hasattr(scanner, name) for name in scanner.__all__)


def test_a_plain_scan_loads_nothing_heavy() -> None:
    """TLS, certificates, packets, pages and event loops are loaded by the scans that need them."""
    code = (
        "import sys\n"
        "from climb.systems.scanner.command import command\n"
        "command(['127.0.0.1', '--ports', '1'], standalone_mode=False)\n"
        "print([name for name in ('asyncio', 'ssl', 'cryptography', 'numpy', 'rich', 'html') if name in sys.modules])"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=30, check=True)

    assert done.stdout.splitlines()[-1] == "[]"
