"""Labs: experiments that measure a concept on this very machine. One lab a file; adding one touches nothing else."""
