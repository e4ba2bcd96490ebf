// Lints a schema by all schema rules of graphql-eslint: a line that counts the findings, then one
// for each. Usage: node lint_schema.js SCHEMA
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import graphqlEslint from '@graphql-eslint/eslint-plugin';
import { ESLint } from 'eslint';
import { parse, print, visit } from 'graphql';

const PRESETS = ['schema-recommended', 'schema-all', 'schema-relay'];

// Two of them with the same content are the same thing, so they have no id.
const VALUE_TYPES = [
  'AccountEvent', 'Allowance', 'Candle', 'CnyReward', 'Fill', 'InsightsUnavailable',
  'OrderPreview', 'PageInfo', 'PortfolioHistory', 'PortfolioInsights', 'PortfolioPoint',
  'PriceExtreme', 'PriceUpdate', 'RateLimit', 'Session', 'TradingRules', 'TransactionLeg',
];

const EXCEPTIONS = {
  // Fields stand in the order in which they are best read, and SDL keeps it.
  alphabetize: 'off',
  // It forbids mutations and subscriptions as such.
  'no-root-type': 'off',
  // GraphQL's own @deprecated has no argument for it; tests/api/test_released_schema.py wants the
  // date in the reason.
  'require-deprecation-date': 'off',
  // A payload has what the mutation changed; nobody needs a second way to the root.
  'require-field-of-type-query-in-mutation-result': 'off',
  // Entities are refetched by `_entities` and by their own root fields: there is no Node interface.
  // Short lists of values (legs, positions, errors) are no connections, and connections also have
  // their nodes without edges.
  'relay-edge-types': ['error', { shouldImplementNode: false, listTypeCanWrapOnlyEdgeType: false }],
  'strict-id-in-types': [
    'error',
    { exceptions: { types: VALUE_TYPES, suffixes: ['Payload', 'Connection', 'Edge', 'Error'] } },
  ],
};

// "username" is one word.
const ACCEPTED = ['Field "username" starts with the name of the parent type "User"'];

const isFederations = (node) => (node.name?.value.startsWith('_') ? null : undefined);

/** The schema without what the federation specification names and describes. */
const ours = (text) => print(visit(parse(text), { enter: isFederations }));

const ruled = (entries) =>
  Object.fromEntries(Object.entries(entries).map(([name, rule]) => [`@graphql-eslint/${name}`, rule]));

const text = ours(readFileSync(process.argv[2], 'utf8'));
const directives = readFileSync(
  fileURLToPath(new URL('federation_directives.graphql', import.meta.url)),
  'utf8',
);
const presets = PRESETS.map((name) => graphqlEslint.configs[`flat/${name}`].rules);
const eslint = new ESLint({
  overrideConfigFile: true,
  overrideConfig: {
    files: ['**/*.graphql'],
    languageOptions: {
      parser: graphqlEslint.parser,
      parserOptions: { graphQLConfig: { schema: [text, directives] } },
    },
    plugins: { '@graphql-eslint': graphqlEslint },
    rules: Object.assign({}, ...presets, ruled(EXCEPTIONS)),
  },
});
const [result] = await eslint.lintText(text, { filePath: 'schema.graphql' });
const rules = Object.keys(Object.assign({}, ...presets)).length;
const off = Object.values(EXCEPTIONS).filter((rule) => rule === 'off').length;
const findings = result.messages.filter(({ message }) => !ACCEPTED.includes(message));
console.log(`graphql-eslint: ${rules - off} rules, ${findings.length} findings`);
for (const { line, ruleId, message } of findings) {
  console.log(`${text.split('\n')[line - 1]?.trim()} (${ruleId}): ${message}`);
}
