"""Imports of lists that others keep: read, judge every row, and only then change anything, in one transaction."""
