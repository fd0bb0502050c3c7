"""One file a page: find what it shows, render it. Forms that ask for an action are read in ``forms.py``."""
