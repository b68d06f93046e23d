"""Contexts that the whole chain leans on. They do not know each other."""
