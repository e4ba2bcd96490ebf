// Composes the server with a second subgraph by both composers, and joins them by both gateways;
// Hive's twice, once with subscriptions of the server as server-sent events, once over websockets.
// Prints a line for each composition, then the gateways' addresses as JSON; ends with its input.
// Usage: node federation.js URL
import { createServer } from 'node:http';
import { ApolloServer } from '@apollo/server';
import { startStandaloneServer } from '@apollo/server/standalone';
import { composeServices as composeByApollo } from '@apollo/composition';
import { ApolloGateway, RemoteGraphQLDataSource } from '@apollo/gateway';
import { buildSubgraphSchema } from '@apollo/subgraph';
import { createGatewayRuntime, getGraphQLWSOptions } from '@graphql-hive/gateway-runtime';
import { composeServices as composeByGuild } from '@theguild/federation-composition';
import { Kind, parse, print, visit } from 'graphql';
import { createHandler } from 'graphql-http/lib/use/http';
import { useServer } from 'graphql-ws/use/ws';
import { WebSocketServer } from 'ws';
import { asEventStreams, gatewayConfig, overWebsockets } from '../../deploy/gateway.config.mjs';

const [url] = process.argv.slice(2);

const FORWARDED = ['authorization', 'x-forwarded-for', 'x-request-id'];

// What a team of its own would add to each of our entities, and fields that lead to ours.
const NOTES = parse(`
  extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
  type Query {
    notedAssets(ids: [ID!]!): [Asset]!
    notedUser(id: ID!): User
    notedAccount(id: ID!): Account
    notedOrder(id: ID!): Order
  }
  type Asset @key(fields: "id") { id: ID! note: String }
  type User @key(fields: "id") { id: ID! note: String }
  type Account @key(fields: "id") { id: ID! note: String }
  type Order @key(fields: "id") { id: ID! note: String }
`);

const noted = { note: ({ id }) => `a note on ${id}` };
const resolvers = {
  Query: {
    notedAssets: (_, { ids }) => ids.map((id) => ({ id })),
    notedUser: (_, { id }) => ({ id }),
    notedAccount: (_, { id }) => ({ id }),
    notedOrder: (_, { id }) => ({ id }),
  },
  Asset: noted,
  User: noted,
  Account: noted,
  Order: noted,
};

async function listening(handler, server = createServer(handler)) {
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${server.address().port}/graphql`;
}

async function ownSdl() {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ _service { sdl } }' }),
  });
  return (await answer.json()).data._service.sdl;
}

function composed(name, compose, services) {
  const { errors = [], supergraphSdl } = compose(services);
  console.log(`${name}: ${supergraphSdl ? 'composed' : 'not composed'}, ${errors.length} errors`);
  errors.forEach((error) => console.log(error.message));
  return supergraphSdl;
}

// @apollo/gateway refuses what it can't enforce, and only Apollo's router enforces @authenticated.
// Nothing is lost: the server itself decides who sees what.
function withoutAuthenticated(supergraphSdl) {
  const isIt = ({ name, arguments: given }) =>
    name.value === 'authenticated' ||
    (name.value === 'link' && given.some(({ value }) => value.value?.includes('/authenticated/')));
  return print(
    visit(parse(supergraphSdl), {
      [Kind.DIRECTIVE]: (node) => (isIt(node) ? null : undefined),
      [Kind.DIRECTIVE_DEFINITION]: (node) => (node.name.value === 'authenticated' ? null : undefined),
    }),
  );
}

async function apolloGateway(supergraphSdl) {
  class Forwarding extends RemoteGraphQLDataSource {
    willSendRequest({ request, context }) {
      for (const name of FORWARDED) {
        const value = context.headers?.[name];
        if (value) request.http.headers.set(name, value);
      }
    }
  }
  const gateway = new ApolloGateway({
    supergraphSdl: withoutAuthenticated(supergraphSdl),
    buildService: ({ url: address }) => new Forwarding({ url: address }),
    logger: { debug() {}, info() {}, warn: console.error, error: console.error },
  });
  const server = new ApolloServer({ gateway });
  const started = await startStandaloneServer(server, {
    listen: { port: 0, host: '127.0.0.1' },
    context: async ({ req }) => ({ headers: req.headers }),
  });
  return started.url;
}

// As the file for those who deploy it says, but for how the server's subscriptions come.
async function hiveGateway(supergraph, options) {
  const runtime = createGatewayRuntime({
    supergraph,
    logging: 'error',
    landingPage: false,
    transportEntries: { cnop: { ...gatewayConfig.transportEntries.cnop, options } },
  });
  const server = createServer(runtime);
  useServer(
    getGraphQLWSOptions(runtime, ({ extra }) => ({ req: extra.request, socket: extra.socket })),
    new WebSocketServer({ server, path: runtime.graphqlEndpoint }),
  );
  return await listening(runtime, server);
}

const services = [
  { name: 'cnop', url, typeDefs: parse(await ownSdl()) },
  {
    name: 'notes',
    url: await listening(
      createHandler({ schema: buildSubgraphSchema({ typeDefs: NOTES, resolvers }) }),
    ),
    typeDefs: NOTES,
  },
];
const byApollo = composed('@apollo/composition', composeByApollo, services);
const byGuild = composed('@theguild/federation-composition', composeByGuild, services);
console.log(
  JSON.stringify({
    apollo: await apolloGateway(byApollo),
    hive: await hiveGateway(byGuild, asEventStreams),
    'hive over websockets': await hiveGateway(byGuild, overWebsockets),
  }),
);

process.stdin.on('end', () => process.exit(0)).resume();
