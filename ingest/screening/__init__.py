"""People never diagnosed whose readings say that somebody should look: who they are, why, and what to do."""
