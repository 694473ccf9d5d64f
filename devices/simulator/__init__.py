"""A synthetic county: residents, their bodies over the years, their meters, and the GATT bytes those meters send."""
