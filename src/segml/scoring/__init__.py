"""MODELS: a model is a feature learned from a label; a score is a fact like an order."""
