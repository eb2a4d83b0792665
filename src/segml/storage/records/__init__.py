"""Records: what people and runs leave behind, in one database; SQLite, or PostgreSQL by URL."""
