"""SETS: segments, their members, and who came and went."""
