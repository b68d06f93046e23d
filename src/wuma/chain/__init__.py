"""The life of an item, in the order in which it lives: code, line, trace, scan, channel, person, reward.

A context calls only contexts to its left, only through their ``facade``; it tells the others with facts.
"""
