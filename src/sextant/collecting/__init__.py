"""Reading posts: when a reading is worth its cost, in batches, within budgets, and what is kept of it."""
