"""What people and other systems see: sign-in, alerts, residents, quarantine, health."""
