"""Chat exports in a case: imported, read across groups, drawn; the pure reading is `groups`."""
