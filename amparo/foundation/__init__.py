"""What every room stands on: ids, the clock, canonical bytes, the error root. Nothing enters before three rooms need it."""
