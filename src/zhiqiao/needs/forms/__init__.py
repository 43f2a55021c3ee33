"""Input of people, turned into clean values. Nothing is saved here."""
