"""Reading the record, checking it, how long things are kept, how the system runs."""
