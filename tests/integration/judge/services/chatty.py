"""Writes 40,000 lines before it serves."""

import sys

from serving import serve

for number in range(40_000):
    print(f"line {number} {40 * '.'}", file=sys.stderr)
serve()
