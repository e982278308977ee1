"""Seized platforms in a case: imported and analysed a step at a time, judged, and people taken from them."""
