"""WORDS: what everything else is said in. Standard library only."""
