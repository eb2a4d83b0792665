"""IO: facts on disk, nights, the catalogue of segments."""
