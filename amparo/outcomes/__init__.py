"""What came back: replies, outcomes, the operation board, figures with their units and sources."""
