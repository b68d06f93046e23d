"""The whole dossier of a batch: what was entered, and what other contexts keep of it, never copied."""
