"""Which country and authority, what part, by which law and clock, with which receipt."""
