"""EPCIS documents, in JSON-LD and XML: read, checked, every fault with its place; what an event says."""
