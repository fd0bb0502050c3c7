"""Writes without end."""

while True:
    print(1000 * "x")
