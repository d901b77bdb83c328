"""The stages: each is a function that takes a Release and gives one with a section more."""
