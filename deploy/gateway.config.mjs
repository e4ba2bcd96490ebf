// Hive's gateway in front of CNOP and other subgraphs, once the supergraph is composed
// (supergraph.yaml says how):
//
//     hive-gateway supergraph ./supergraph.graphql --config-path deploy/gateway.config.mjs
//
// A gateway that clients reach without a proxy has to set x-forwarded-for itself.

// A client's header, or in its place what a websocket client says in connection_init.
const authorization = {
  authorization: '{context.headers.authorization}',
  Authorization: '{context.headers.Authorization}',
};

const passedOn = (...names) => names.map((name) => [name, `{context.headers.${name}}`]);

// Hive asks for server-sent events by GET, which the server takes from nobody without a header that
// no foreign page can send; POST also has no bound of 8 KB on what it carries.
export const asEventStreams = { method: 'POST' };

// One socket for each user and address, which all their subscriptions share. It needs the package
// @graphql-mesh/transport-ws.
export const overWebsockets = {
  subscriptions: {
    kind: 'ws',
    location: '/graphql',
    headers: passedOn('x-forwarded-for'),
    options: { connectionParams: authorization },
  },
};

export const gatewayConfig = {
  transportEntries: {
    cnop: {
      headers: [...passedOn('x-forwarded-for', 'x-request-id'), ...Object.entries(authorization)],
      options: asEventStreams,
    },
  },
};
