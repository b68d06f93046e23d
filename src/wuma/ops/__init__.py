"""Running the house: tenants, health, the job board, drills."""
