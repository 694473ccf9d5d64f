"""Follow-ups (随访): who is due for a visit, and what the visits were."""
