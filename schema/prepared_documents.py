"""Documents that were parsed, bounded, validated and priced once, kept for the next request."""

from collections import OrderedDict
from collections.abc import Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from graphql import (
    ASTValidationRule,
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    get_operation_ast,
    validate,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from schema.cost_plan import CostPlan
from schema.errors import OperationUnclearError
from schema.introspection import introspects
from schema.limits import VALIDATION_FAILED, DocumentRefusedError, QueryLimits
from schema.query_cost import Pricing

TOKENS_KEPT_MAX = 200_000
"""Tokens of all documents kept, about 80 MB at 400 bytes each; a client's whole set has 5,000.
A number of documents would be no bound: one may be 400 times as large as another."""

ERRORS_MAX = 10
"""What is wrong with a document, told at once: each error costs up to 20 ms of printing."""

_STRAWBERRYS_OWN = (MaybeNullValidationRule, OneOfInputValidationRule)

CHARACTERS_PER_TOKEN = 100
"""Text that weighs as much as a token, so that neither comments nor long strings are free."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document and what is known of it. With `errors` it may not be run, and has no price."""

    document: DocumentNode
    errors: tuple[GraphQLError, ...]
    pricing: Pricing
    introspects: bool
    """Whether it asks about the schema, anywhere."""
    plans: dict[str | None, CostPlan] = field(default_factory=dict)

    @property
    def has_several_operations(self) -> bool:
        """Tell whether somebody has to say which operation is meant."""
        found = self.document.definitions
        return sum(isinstance(one, OperationDefinitionNode) for one in found) > 1

    def plan(self, operation_name: str | None) -> CostPlan:
        """Return an operation's price. Raises GraphQLError where the document has no such one."""
        plan = self.plans.get(operation_name)
        if plan is None:
            operation = get_operation_ast(self.document, operation_name)
            if operation is None:
                raise GraphQLError(
                    "The document has no such operation, or several and none was named.",
                    extensions={"code": "BAD_USER_INPUT"},
                )
            # No more plans than operations: only names that the document has come here.
            plan = self.plans[operation_name] = self.pricing.plan(self.document, operation)
        return plan


class Documents:
    """A cache by text. What exceeds a limit while being parsed is not kept."""

    def __init__(
        self,
        schema: GraphQLSchema,
        limits: QueryLimits,
        *,
        tokens_kept_max: int = TOKENS_KEPT_MAX,
    ) -> None:
        self.limits = limits
        self.tokens_kept = 0
        self._schema = schema
        self._pricing = Pricing(schema)
        self._tokens_kept_max = tokens_kept_max
        self._kept: OrderedDict[str, Prepared] = OrderedDict()

    def knows(self, text: str) -> bool:
        """Tell whether the document is ready: any other has to be parsed and validated first."""
        return text in self._kept

    def prepared(self, text: str, rules: Collection[type[ASTValidationRule]]) -> Prepared:
        """Return a document ready to be run. Raises GraphQLError when it can't be parsed.

        `rules` are those of the schema, the same at each call.
        """
        found = self._kept.get(text)
        if found is not None:
            self._kept.move_to_end(text)
            return found
        document = self.limits.parse(text)
        errors = self._errors_in(document, tuple(rules))
        made = Prepared(document, errors, self._pricing, introspects(document))
        self._keep(text, made)
        return made

    def requested_cost(
        self, prepared: Prepared, operation_name: str | None, variables: Mapping[str, Any] | None
    ) -> int:
        """Return the points to take from the caller's budget before the operation runs.

        Raises DocumentRefusedError when it could return too many objects, and GraphQLError when
        the document has no such operation.
        """
        plan = prepared.plan(operation_name)
        self.limits.check_nodes(plan.nodes(variables or {}))
        return plan.points(variables or {})

    def _errors_in(
        self, document: DocumentNode, rules: tuple[type[ASTValidationRule], ...]
    ) -> tuple[GraphQLError, ...]:
        try:
            self.limits.check(document)
        except DocumentRefusedError as refused:
            return refused.errors
        errors = validate(self._schema, document, (*rules, *_STRAWBERRYS_OWN), ERRORS_MAX)
        for error in errors:
            error.extensions = {"code": VALIDATION_FAILED, **(error.extensions or {})}
        return tuple(errors)

    def _keep(self, text: str, made: Prepared) -> None:
        self._kept[text] = made
        self.tokens_kept += _weight(text, made)
        while self.tokens_kept > self._tokens_kept_max:
            old_text, old = self._kept.popitem(last=False)
            self.tokens_kept -= _weight(old_text, old)


class PreparedDocuments(SchemaExtension):
    """Gives Strawberry its documents from the cache, in place of ParserCache and ValidationCache.

    Those two hash the whole document at each request, and count documents, not their size.
    """

    def __init__(self, documents: Documents) -> None:
        super().__init__()
        self._documents = documents
        self.prepared: Prepared | None = None

    def on_parse(self) -> Iterator[None]:
        """Set the document.

        A text that can't be parsed is left for Strawberry to parse again, within the same bounds:
        a GraphQLError from here would tear down a websocket's stream instead of being answered.
        Raises OperationUnclearError, where Strawberry would run the first of several operations.
        """
        context = self.execution_context
        context.parse_options.update(self._documents.limits.parse_options)  # type: ignore[typeddict-item] # Strawberry passes on all that graphql-core knows
        if context.query:
            with suppress(GraphQLError):
                self.prepared = self._documents.prepared(context.query, context.validation_rules)
                context.graphql_document = self.prepared.document
        self._check_which_is_meant()
        yield

    def on_validate(self) -> Iterator[None]:
        """Set what is wrong with the document, if anything is."""
        if self.prepared is not None:
            self.execution_context.pre_execution_errors = list(self.prepared.errors)
        yield

    def _check_which_is_meant(self) -> None:
        # Strawberry's `operation_name` names the first operation to who named none.
        is_named = self.execution_context._provided_operation_name is not None  # noqa: SLF001 - it has no other name
        prepared = self.prepared
        if is_named or prepared is None or prepared.errors:
            return
        if prepared.has_several_operations:
            raise OperationUnclearError


def _weight(text: str, made: Prepared) -> int:
    return made.document.token_count + len(text) // CHARACTERS_PER_TOKEN
