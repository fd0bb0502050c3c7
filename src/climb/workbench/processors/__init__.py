"""A running processor on a page: what an address asks for, and what changes on the page while it is open."""
