"""Queries that answer by themselves, as events come or by a schedule, delivered in order."""
