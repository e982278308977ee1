"""Victims: series of items of one child, from the first look to the day the child is safeguarded."""
