"""A schedule in other forms than its document: drawn for people, and as a trace for Perfetto."""
