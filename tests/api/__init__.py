"""The whole schema by GraphQL text, in process, as anonymous, someone else and owner."""
