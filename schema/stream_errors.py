"""Where in the answer a stream's own errors stand: at its one field, as other servers say."""

from graphql import GraphQLError, get_operation_ast
from strawberry.types import ExecutionContext

from domain.outages import OutageError
from domain.refusals import Refusal
from domain.sessions import NotAuthenticatedError
from resolvers.errors import BadInputError, RateLimitedError
from schema.merged_fields import fragments_of, merged_fields

_RAISED_BY_RESOLVERS = (
    BadInputError,
    NotAuthenticatedError,
    OutageError,
    RateLimitedError,
    Refusal,
)


def locate(error: GraphQLError, execution: ExecutionContext) -> None:
    """Give an error of a subscription's resolver the path that GraphQL gives all others.

    A stream begins to run when its first event is asked for, and graphql-core no longer says of
    what raises then which field it was. Without a path it would pass for an error of the request,
    which ends a websocket's operation before it began, and gateways hide what they hear so.
    """
    if error.path is not None or not isinstance(error.original_error, _RAISED_BY_RESOLVERS):
        return
    document = execution.graphql_document
    operation = document and get_operation_ast(document, execution.operation_name)
    if document and operation:
        fields = merged_fields([operation.selection_set], fragments_of(document))
        error.path = [next(iter(fields))]
