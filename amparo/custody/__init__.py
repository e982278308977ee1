"""The chain of custody: every act appended, hash-chained, checkpointed, verifiable offline."""
