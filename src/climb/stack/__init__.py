"""What networked systems stand on: real servers, started here where no address of others is given."""
