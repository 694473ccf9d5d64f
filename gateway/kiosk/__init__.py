"""The walk-up visit in front of a station's kiosk, served by the gateway; imported only when a kiosk is asked for."""
