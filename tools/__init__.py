"""What the project uses to check itself."""
