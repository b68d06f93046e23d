"""Accounts, sessions, API tokens: who somebody is, and how we came to believe it.

Passwords are kept as argon2id, second factors encrypted, session and API tokens as hashes. Nothing that
is stored here lets a thief sign in.
"""
