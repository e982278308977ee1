"""Speaking with other houses: formats, sealed packages, partners, courier."""
