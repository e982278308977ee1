"""From what a reader saw in a chat export to members, intervals and first posters. No Django, nothing guessed silently."""
