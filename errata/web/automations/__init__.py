"""Rules that teams write: as a sentence or as text, tried on history before they are saved."""
