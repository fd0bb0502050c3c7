"""The judge: submission → program → stage → run → verdict.

It knows programs only from outside, over a process boundary, and knows nothing of our own systems.
"""
