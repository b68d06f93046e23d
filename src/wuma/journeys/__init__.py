"""Use cases that cross contexts: what a person sets out to do, told in one place."""
