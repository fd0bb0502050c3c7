"""Where closed windows go, beside the service's own answers: each follows a cursor."""
