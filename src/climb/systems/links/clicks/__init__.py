"""Clicks: counted in a file before they are answered, and moved to the database from there, each once."""
