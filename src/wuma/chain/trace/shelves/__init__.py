"""How events and what they name are kept and found (ADR 0006, 0022): chunks, postings, names, words."""
