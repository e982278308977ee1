"""One reader for each chat format; all give the same reading."""
