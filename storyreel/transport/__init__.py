"""GraphQL over HTTP, event streams and WebSockets, and its delivery to many."""
