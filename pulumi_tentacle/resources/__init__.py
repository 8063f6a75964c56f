"""The resources: one package each, with the same words in each (model, observe, plan, apply)."""
