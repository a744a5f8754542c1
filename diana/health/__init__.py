"""Whether this deployment is alive, ready, or limping; for load balancers and whoever is woken at night."""
