"""FHIR R4 (4.0.1): our data as resources and back, pure. One resource a file; the codes are data in `config/`."""
