"""KNOWLEDGE: what a restaurant knows about its customers."""
