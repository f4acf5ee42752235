"""Rules of AWS that the library relies on, asked of the lab's cloud, and of a real account where one is given."""
