"""What the service keeps: migrations, and queries by name."""
