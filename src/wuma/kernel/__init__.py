"""How anything here runs; knows no business.

Settings, the database and its tenants, facts and jobs, keys, HTTP, errors, logs and metrics.
Every other package may import it; it imports none of them.
"""
