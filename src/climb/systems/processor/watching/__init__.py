"""A running processor seen from outside, over the HTTP of its contract: its numbers, and the windows of some sensors as they close."""
