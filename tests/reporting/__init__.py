"""Figures that match their definitions to the person."""
