"""What all other values are made of: readings, kinds of machines, plain trees."""
