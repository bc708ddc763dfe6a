"""Trees of what was seen, and what follows from them."""
