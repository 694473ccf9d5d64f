"""The models of the catalogue as emulated meters, and the story of a visit to each."""
