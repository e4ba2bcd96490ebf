// Subscribes with the package graphql-ws and prints each event as a line of JSON.
// Usage: node watch.js URL QUERY VARIABLES [TOKEN]
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';

const [url, query, variables, token] = process.argv.slice(2);

const client = createClient({
  url,
  webSocketImpl: WebSocket,
  retryAttempts: 0,
  connectionParams: token ? { Authorization: `Bearer ${token}` } : undefined,
});

const tell = (event) => console.log(JSON.stringify(event));

client.on('connected', () => tell({ connected: true }));
client.on('closed', (event) => tell({ closed: event.code, reason: event.reason }));

client.subscribe(
  { query, variables: JSON.parse(variables) },
  {
    next: (result) => tell({ next: result }),
    error: (error) => tell({ error: Array.isArray(error) ? error : { code: error.code } }),
    complete: () => tell({ complete: true }),
  },
);
