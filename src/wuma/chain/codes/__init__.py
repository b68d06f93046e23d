"""赋码: every item gets a code of its own.

A code is *computed, not stored*: a keyed permutation of the item's **unit** number into a domain so large
that guessing meets a live code less than once in 2^40 tries.

Vocabulary
    unit         the dense number of one item, for ever: epoch and index in one 64-bit integer
    order        a range of consecutive units ordered by one tenant; its key proves its codes
    open code    明码, on the outside: the serial of a GS1 Digital Link; everybody may see it
    hidden code  暗码, under the lid, typed (16 characters) or read by a phone (27): who has it opened the can
    epoch        the time in which codes are issued under one set of keys; it travels in the code
    claim        what a code says before its order's key has proven it

Promises
    A forged or mistyped code is refused before any database is touched.
    An open code says nothing about the hidden code of the same item, and none says when, where or among how
    many it was issued.
    A code once printed verifies until its epoch or its order is revoked, whatever is rotated meanwhile.
"""
