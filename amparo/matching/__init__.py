"""Known-hash lists, the index over them, and hits that explain themselves."""
