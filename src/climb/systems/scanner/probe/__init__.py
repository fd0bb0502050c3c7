"""What answers on an open port: pure protocol code, bytes in, facts out.

Nothing in this package touches a socket or a clock. A *talk* is one conversation over one connection; an *inspection*
decides which talks to have with a port, and in which order. The engine carries their bytes.
"""
