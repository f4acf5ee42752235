"""Worker hosts: tasks that outlive them."""
