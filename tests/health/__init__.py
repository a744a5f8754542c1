"""How ready a deployment says it is, with servers that are away or hang."""
