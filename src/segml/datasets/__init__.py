"""INPUTS: sources and mappings of facts, and the synthetic restaurant with its oracle."""
