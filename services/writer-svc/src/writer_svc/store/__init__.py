"""What the writer remembers beyond a restart: one file of tables and one of their use for each kind of work."""
