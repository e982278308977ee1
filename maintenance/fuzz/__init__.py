"""Fuzzing of every reader of hostile bytes: from small synthetic seeds (tests/seeds/), by coverage and by mutation."""
