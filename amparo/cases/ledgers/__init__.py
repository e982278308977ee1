"""Live platforms' ledgers in a case: sealed as they come, read by a saved mapping, shown and told; the engine is `coins`."""
