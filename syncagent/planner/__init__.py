"""What to do: a pure function of three trees."""
