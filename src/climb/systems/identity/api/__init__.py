"""The routes, as the contract names them."""
