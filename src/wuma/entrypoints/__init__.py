"""Where the world comes in: the profile is chosen, the server, the worker and the command line start."""
