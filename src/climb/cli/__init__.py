"""The command line: one file per group of commands. Each parses, calls one function, and renders what it returns."""
