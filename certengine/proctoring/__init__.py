"""Check-in, the live board of an exam room, incidents."""
