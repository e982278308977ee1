"""Hasher-Matcher-Actioner beside Amparo: its clients may ask here as they ask there, and its banks can be read in from there."""
