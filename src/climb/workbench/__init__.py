"""The workbench: the course, labs, projects, runs and the journal in the browser, on this machine only."""
