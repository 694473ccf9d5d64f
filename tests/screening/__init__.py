"""Suspect and high-risk residents: the judging, the list, what is decided."""
