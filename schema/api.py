"""The schema: every root field, put together as a Federation 2 subgraph."""

from collections.abc import Iterable
from functools import cached_property
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLNamedType, GraphQLObjectType
from strawberry.federation.schema import FederationAny
from strawberry.printer import print_schema
from strawberry.schema.config import StrawberryConfig
from strawberry.types import ExecutionContext

from domain.ports.trusted_documents import TrustedDocuments
from schema.accounts import AccountMutation, AccountQuery
from schema.asset_listing import AssetQuery
from schema.charging import Charging
from schema.context import Context, Info
from schema.directives import announce
from schema.entities import entities
from schema.errors import OUR_FAULTS, make_public
from schema.insights import InsightQuery
from schema.journal import JournalQuery
from schema.limits import QueryLimits
from schema.orders import OrderQuery
from schema.placing import PlacingMutation
from schema.portfolio_history import PortfolioHistoryQuery
from schema.portfolios import PortfolioQuery
from schema.prepared_documents import Documents, PreparedDocuments
from schema.previews import PreviewQuery
from schema.rate_limits import RateLimitQuery
from schema.refusals import CONCRETE_ERRORS
from schema.registration import RegistrationMutation
from schema.rewards import RewardMutation
from schema.rules import RulesQuery
from schema.scalars import scalar_map
from schema.sessions import SessionMutation
from schema.strangers import Discretion, is_stranger, unsuggestive
from schema.stream_errors import locate
from schema.streams import Subscription
from schema.trusted_documents import TrustedOnly
from schema.users import UserMutation, UserQuery


@strawberry.type(description="What can be read.")
class Query(
    AssetQuery,
    UserQuery,
    AccountQuery,
    PortfolioQuery,
    PortfolioHistoryQuery,
    OrderQuery,
    PreviewQuery,
    JournalQuery,
    InsightQuery,
    RulesQuery,
    RateLimitQuery,
):
    """The root of queries."""


@strawberry.type(
    description=(
        "What can be changed. Each field does one thing, wholly or not at all; it was refused "
        "exactly when `errors` of its payload is not empty."
    )
)
class Mutation(
    RegistrationMutation,
    SessionMutation,
    UserMutation,
    AccountMutation,
    PlacingMutation,
    RewardMutation,
):
    """The root of mutations."""


class Schema(strawberry.federation.Schema):
    """Strawberry's schema, with entities in batches and errors made public in one place."""

    tells_strangers = True
    """Whether strangers may look at the schema, and be told what they might mean."""

    trusted: TrustedDocuments | None = None
    """The only documents that may be run; None where any may."""

    documents: Documents

    @cached_property
    def sdl(self) -> str:
        """The schema as a gateway reads it, printed once: that takes as long as 70 objects do."""
        return print_schema(self)

    def entities_resolver(
        self, info: Info, representations: list[FederationAny]
    ) -> list[FederationAny]:
        """Return entities by key."""
        found: Any = entities(info.context.request, list(representations))
        return found  # type: ignore[no-any-return] # awaitables: GraphQL awaits them together

    def _collect_schema_directives(
        self,
        explicit_directive_types: Iterable[type],
        graphql_types: Iterable[GraphQLNamedType | None],
    ) -> list[type]:
        """Add what is said to gateways, before Strawberry looks for directives."""
        types = list(graphql_types)
        announce(named for named in types if named is not None)
        return super()._collect_schema_directives(explicit_directive_types, types)

    def process_errors(
        self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None
    ) -> None:
        """Give each error its code, and mask what nobody expected."""
        context = execution_context.context if execution_context else None
        request_id = context.request.request_id if isinstance(context, Context) else ""
        is_discreet = not self.tells_strangers and is_stranger(context)
        for error in errors:
            if execution_context is not None:
                locate(error, execution_context)
            make_public(error, request_id=request_id)
            if isinstance(context, Context) and _code_of(error) in OUR_FAULTS:
                context.request.has_failed = True
            if is_discreet:
                error.message = unsuggestive(error.message)


def _code_of(error: GraphQLError) -> object:
    return (error.extensions or {}).get("code")


def make_schema(
    limits: QueryLimits | None = None,
    *,
    tells_strangers: bool = True,
    trusted: TrustedDocuments | None = None,
) -> Schema:
    """Return a new schema. Federation 2.9 is the newest that every composer knows."""

    def discretion() -> Discretion:
        return Discretion(documents)

    trust = [] if trusted is None else [lambda: TrustedOnly(trusted)]
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        types=CONCRETE_ERRORS,
        federation_version="2.9",
        config=StrawberryConfig(scalar_map=scalar_map()),
        extensions=[
            lambda: PreparedDocuments(documents),
            *trust,
            *([] if tells_strangers else [discretion]),
            lambda: Charging(documents),
        ],
    )
    schema.tells_strangers, schema.trusted = tells_strangers, trusted
    documents = Documents(schema._schema, limits or QueryLimits())  # noqa: SLF001 - it has no other name
    schema.documents = documents
    service = schema._schema.type_map["_Service"]  # noqa: SLF001 - as above
    assert isinstance(service, GraphQLObjectType)
    service.fields["sdl"].resolve = lambda *_: schema.sdl
    return schema
