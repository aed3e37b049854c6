"""Media to publish: fetched through a guard, known by their content, shared while they are needed."""
