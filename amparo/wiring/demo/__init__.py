"""The demo operation: synthetic data from a seed, and the play that carries it through the software's own doors.

Everything here is invented: abstract pictures, neutral words, reserved or fictitious numbers and addresses.
"""
