"""What a partner may see of events, decided in one place."""
