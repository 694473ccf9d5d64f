"""Gateways and their meters as a fleet: enrolment, rights at the broker, settings from afar, the page."""
