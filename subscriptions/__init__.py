"""Streams of prices, account events and orders: broadcast and conflation, no GraphQL types."""
