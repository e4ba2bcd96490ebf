"""Tests of the schema's own machinery: limits and prices of documents, without any resolver."""
