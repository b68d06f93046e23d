"""Taking documents in: at once or by a job, held against the rules of the brand, each event's fate kept."""
