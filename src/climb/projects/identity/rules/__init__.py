"""The rules of the brief as pure functions, written from the brief alone."""
