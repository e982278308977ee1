"""What maintainers and CI run: checks, locks, vendored files, pictures. Nothing here is part of the installed system."""
