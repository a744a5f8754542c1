"""What there is to do: trivia, challenges, stories."""
