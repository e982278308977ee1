"""The public form: what a process without database and without a private key of the house runs."""
