"""Recordings of real machines that ship with the project, and how they were made."""
