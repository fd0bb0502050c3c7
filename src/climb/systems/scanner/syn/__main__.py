"""``python -m climb.systems.scanner.syn TARGET... --ports LIST``: SYN mode alone, without targets by name or options.

The scanner's command is ``climb scan --syn``; this one prints the same lines for addresses and CIDR blocks, starts with
next to nothing imported, and so shows what the engine itself costs.
"""

from __future__ import annotations

import sys
import time

from climb.systems.scanner.syn import CLOSED, FILTERED, OPEN, syn_scan_arrays, why_not


def main(arguments: list[str]) -> int:
    """Scan and print; return the exit code."""
    began = time.monotonic()
    reason = why_not()
    if reason is not None:
        print(reason, file=sys.stderr)
        return 3
    ports = _ports(arguments[arguments.index("--ports") + 1])
    targets = [word for at, word in enumerate(arguments) if word != "--ports" and arguments[at - 1] != "--ports"]
    hosts = [host for target in targets for host in _hosts(target)]
    totals = {OPEN: 0, CLOSED: 0, FILTERED: 0}
    for board in syn_scan_arrays(hosts, ports, timeout_s=1.0, on_open=_print_open):
        for code in totals:
            totals[code] += board.count(code)
    print(
        f'{{"summary": {{"hosts": {len(hosts)}, "ports": {sum(totals.values())}, "open": {totals[OPEN]}, '
        f'"closed": {totals[CLOSED]}, "filtered": {totals[FILTERED]}, "elapsed_s": {time.monotonic() - began:.3f}}}}}'
    )
    return 0


def _print_open(address: str, port: int, rtt_ms: float) -> None:
    print(f'{{"host": "{address}", "port": {port}, "state": "open", "rtt_ms": {rtt_ms:.3f}}}')


def _ports(listed: str) -> list[int]:
    ports: dict[int, None] = {}
    for item in listed.split(","):
        first, _, last = item.partition("-")
        ports.update(dict.fromkeys(range(int(first), int(last or first) + 1)))
    return list(ports)


def _hosts(target: str) -> list[str]:
    if "/" not in target:
        return [target]
    import ipaddress

    return [str(address) for address in ipaddress.ip_network(target, strict=False)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
