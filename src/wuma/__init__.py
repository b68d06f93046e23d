"""Wuma (物码): every item its own code, every scan of it a fact that people can trust."""
