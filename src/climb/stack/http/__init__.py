"""What all HTTP services here have in common, so that each of them is routes and rules."""
