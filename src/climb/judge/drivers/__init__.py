"""Drivers: how the judge speaks to a program. One file per kind of conversation."""
