"""INPUTS: sources and mappings of facts, and the synthetic restaurant."""
