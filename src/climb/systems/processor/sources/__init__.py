"""Where readings come from, beside the service's own sockets: each a client of the contract's lines."""
