"""The rules of the brief a second time: what a server that was sent these bytes must say. Pure, and plain rather than fast."""
