"""A live platform's ledger with planted truth, and what the engines of `cases/coins` make of it: `python -m benchmarks.coins`."""
