"""The dashboard of the CDC: charts with their tables and definitions, drawn from what may leave the person level."""
