"""CQRS for databases: a write store that decides, a read store that shows, and an event log between them."""
