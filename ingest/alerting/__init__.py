"""From a person's readings to the doctor's attention: rules find, episodes remember, the engine drives."""
