"""The work: reaches out, computes, and orders the work."""
