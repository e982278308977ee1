"""What a package holds and how each of its files is written. Pure: values in, bytes out; no Django, network or keys."""
