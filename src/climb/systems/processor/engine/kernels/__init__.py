"""What numba compiles: loops over bytes and columns, on arrays only; each file is one such loop and what it needs."""
