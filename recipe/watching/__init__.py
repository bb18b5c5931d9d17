"""A training loop of the user's own, watched while it runs: `recipe.watch`."""
