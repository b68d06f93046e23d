"""Where a GS1 Digital Link leads: the resolver at the root of the server, and the keeping of its links."""
