"""One file for each step of the records' schema."""
