"""A simulated brand with hidden truth: factories, dealers, stores, mothers, cheats.

It speaks to Wuma only as a real client does and never imports it.
"""
