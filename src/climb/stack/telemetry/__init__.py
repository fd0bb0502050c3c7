"""What a service tells about itself: logs, traces and metrics that name the same requests."""
