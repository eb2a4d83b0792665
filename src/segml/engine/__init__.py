"""MEANING: what a rule and a feature are, on frames. The only wing that runs them."""
