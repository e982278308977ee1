"""What a unit knows of each service: who runs it, how it is asked lawfully, what it keeps and for how long."""
