"""Adapters against the real system that each one speaks to."""
