"""Pipeline files: what is read, how it is windowed, where results go."""
