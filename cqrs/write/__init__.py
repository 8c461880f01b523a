"""The write side: commands are decided here, and every accepted one leaves one event."""
