"""What servers need beside themselves."""

from tests.fixtures_dynamodb import dynamodb_endpoint

__all__ = ["dynamodb_endpoint"]
