"""An Auto Scaling service of the lab's own: moto only keeps books, and no instance of its ever waits for a hook."""
