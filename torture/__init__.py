"""Diana under fault: real processes, a load of people, faults by seed, and a pure model that says what must be true."""
