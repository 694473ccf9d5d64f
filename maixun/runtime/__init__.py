"""Embedded services: fetch PostgreSQL, TimescaleDB and Mosquitto without root, start and stop them."""
