"""Says what will happen: purchases within a horizon."""
