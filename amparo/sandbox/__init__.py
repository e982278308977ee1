"""Hostile bytes are decoded, parsed and fingerprinted without files, network or keys."""
