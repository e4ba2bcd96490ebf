"""Streams alone: what a reader gets, and when."""
