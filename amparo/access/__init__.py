"""People who work here, their units, powers and purposes; and the `@act` decorator that heads every action."""
