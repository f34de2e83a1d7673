"""Jobs: folders through which a window or command line and a worker process exchange commands and events."""
