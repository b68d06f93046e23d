"""Wuma (物码): every item its own code, every scan of it a fact that people can trust."""

from importlib.metadata import version

__version__ = version("wuma")
