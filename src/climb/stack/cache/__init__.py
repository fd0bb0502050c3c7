"""A cache that makes a service faster while it is there, and costs nothing while it is not."""
