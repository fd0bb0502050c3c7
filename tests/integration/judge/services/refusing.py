"""Ends before it is ready, and says why."""

import sys

print("WINDOW_MS: expected a number", file=sys.stderr)
raise SystemExit(2)
