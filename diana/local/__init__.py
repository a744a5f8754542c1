"""Diana on one machine: servers, secrets, ports, a supervisor; knows neither Django nor the domain."""
