"""The published language: what has happened, in the past tense, one file a context.

A fact is public. Fields may be added; what one means never changes.
"""
