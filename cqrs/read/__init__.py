"""The read side: events are applied to read models here, and queries are answered from them."""
