// Audits of graphql-transport-ws: each sentence of the protocol that a server must keep, tried with
// raw frames, and then the client of the package graphql-ws. Prints a summary and what failed.
// Usage: node ws_audits.js URL TOKEN
import assert from 'node:assert/strict';
import { CloseCode, createClient, GRAPHQL_TRANSPORT_WS_PROTOCOL } from 'graphql-ws';
import WebSocket from 'ws';

const [url, token] = process.argv.slice(2);
const authorization = `Bearer ${token}`;

const PRICES = 'subscription { priceUpdates(assetIds: ["BTC"]) { price } }';
const ANSWER_MS_MAX = 30_000;

class Socket {
  constructor({ protocol = GRAPHQL_TRANSPORT_WS_PROTOCOL, headers = {} } = {}) {
    this.messages = [];
    this.waiting = [];
    this.ws = new WebSocket(url, protocol ? [protocol] : [], { headers });
    this.opened = new Promise((resolve, reject) => {
      this.ws.on('open', resolve);
      this.ws.on('error', reject);
    });
    this.closed = new Promise((resolve) => {
      this.ws.on('close', (code, reason) => resolve({ code, reason: String(reason) }));
    });
    this.ws.on('message', (data, isBinary) => {
      const message = isBinary ? { binary: true } : JSON.parse(String(data));
      const next = this.waiting.shift();
      if (next) next(message);
      else this.messages.push(message);
    });
  }

  send(message) {
    this.ws.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  async next() {
    if (this.messages.length) return this.messages.shift();
    return await new Promise((resolve) => this.waiting.push(resolve));
  }

  subscribe(id, query, more = {}) {
    this.send({ id, type: 'subscribe', payload: { query, ...more } });
  }
}

async function opened(options) {
  const socket = new Socket(options);
  await socket.opened;
  return socket;
}

async function begun(options, payload) {
  const socket = await opened(options);
  socket.send({ type: 'connection_init', payload });
  assert.deepEqual(await socket.next(), { type: 'connection_ack' });
  return socket;
}

async function closesWith(socket, code) {
  const closed = await socket.closed;
  assert.equal(closed.code, code, `closed with ${closed.code} ${closed.reason}`);
  assert.notEqual(closed.reason, '');
}

function client(options = {}) {
  return createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0, ...options });
}

const collected = (using, payload, count = Infinity) =>
  new Promise((resolve, reject) => {
    const results = [];
    const stop = using.subscribe(payload, {
      next: (result) => {
        results.push(result);
        if (results.length === count) stop();
      },
      error: reject,
      complete: () => resolve(results),
    });
  });

const AUDITS = {
  'selects the subprotocol graphql-transport-ws': async () => {
    const socket = await opened();
    assert.equal(socket.ws.protocol, GRAPHQL_TRANSPORT_WS_PROTOCOL);
  },
  'closes with 4406 without the subprotocol': async () =>
    closesWith(await opened({ protocol: null }), CloseCode.SubprotocolNotAcceptable),
  'acknowledges connection_init': () => begun(),
  'acknowledges connection_init with payload null': () => begun({}, null),
  'acknowledges connection_init with an unknown payload': () => begun({}, { some: 'value' }),
  'closes with 4408 when connection_init does not come': async () =>
    closesWith(await opened(), CloseCode.ConnectionInitialisationTimeout),
  'closes with 4429 on a second connection_init': async () => {
    const socket = await begun();
    socket.send({ type: 'connection_init' });
    await closesWith(socket, CloseCode.TooManyInitialisationRequests);
  },
  'closes with 4401 on subscribe before the acknowledgement': async () => {
    const socket = await opened();
    socket.subscribe('1', PRICES);
    await closesWith(socket, CloseCode.Unauthorized);
  },
  'closes with 4403 on a token that opens nothing': async () => {
    const socket = await opened();
    socket.send({ type: 'connection_init', payload: { Authorization: 'Bearer nonsense' } });
    await closesWith(socket, CloseCode.Forbidden);
  },
  'signs in with the payload of connection_init': async () => {
    const socket = await begun({}, { Authorization: authorization });
    socket.subscribe('1', '{ me { username } }');
    assert.ok((await socket.next()).payload.data.me.username);
  },
  'signs in with the header of the upgrade request': async () => {
    const socket = await begun({ headers: { authorization } });
    socket.subscribe('1', '{ me { username } }');
    assert.ok((await socket.next()).payload.data.me.username);
  },
  'answers ping with pong, before and after the acknowledgement': async () => {
    const socket = await opened();
    socket.send({ type: 'ping' });
    assert.equal((await socket.next()).type, 'pong');
    socket.send({ type: 'connection_init' });
    assert.equal((await socket.next()).type, 'connection_ack');
    socket.send({ type: 'ping', payload: { some: 'value' } });
    assert.equal((await socket.next()).type, 'pong');
  },
  'takes an unasked pong': async () => {
    const socket = await begun();
    socket.send({ type: 'pong', payload: { some: 'value' } });
    socket.send({ type: 'ping' });
    assert.equal((await socket.next()).type, 'pong');
  },
  'answers a query with next and complete': async () => {
    const socket = await begun();
    socket.subscribe('q', '{ __typename }');
    const next = await socket.next();
    assert.equal(next.id, 'q');
    assert.equal(next.type, 'next');
    assert.deepEqual(next.payload.data, { __typename: 'Query' });
    assert.deepEqual(await socket.next(), { id: 'q', type: 'complete' });
  },
  'gives a finished id to the next operation': async () => {
    const socket = await begun();
    for (let count = 0; count < 3; count += 1) {
      socket.subscribe('same', '{ __typename }');
      assert.equal((await socket.next()).type, 'next');
      assert.equal((await socket.next()).type, 'complete');
    }
  },
  'honours variables and operationName': async () => {
    const socket = await begun();
    socket.subscribe('1', 'query A { __typename } query B($id: ID!) { asset(id: $id) { id } }', {
      operationName: 'B',
      variables: { id: 'BTC' },
    });
    assert.deepEqual((await socket.next()).payload.data, { asset: { id: 'BTC' } });
  },
  'closes with 4409 on an id in use': async () => {
    const socket = await begun();
    socket.subscribe('1', PRICES);
    await socket.next();
    socket.subscribe('1', PRICES);
    await closesWith(socket, CloseCode.SubscriberAlreadyExists);
  },
  'answers a syntax error with error, and stays open': async () => {
    const socket = await begun();
    socket.subscribe('1', '{');
    const { id, type, payload } = await socket.next();
    assert.deepEqual([id, type], ['1', 'error']);
    assert.ok(Array.isArray(payload) && payload[0].message);
    socket.send({ type: 'ping' });
    assert.equal((await socket.next()).type, 'pong');
  },
  'answers a validation error with error alone': async () => {
    const socket = await begun();
    socket.subscribe('1', 'subscription { nothing }');
    const { id, type } = await socket.next();
    assert.deepEqual([id, type], ['1', 'error']);
    socket.send({ type: 'ping' });
    assert.equal((await socket.next()).type, 'pong');
  },
  'says nothing more of a completed subscription': async () => {
    const socket = await begun();
    socket.subscribe('1', PRICES);
    await socket.next();
    socket.send({ id: '1', type: 'complete' });
    socket.subscribe('2', '{ __typename }');
    let message = await socket.next();
    while (message.id === '1') message = await socket.next();
    assert.equal(message.id, '2');
    assert.equal((await socket.next()).type, 'complete');
    socket.send({ type: 'ping' });
    assert.equal((await socket.next()).type, 'pong');
  },
  'takes complete of an unknown id': async () => {
    const socket = await begun();
    socket.send({ id: 'unknown', type: 'complete' });
    socket.send({ type: 'ping' });
    assert.equal((await socket.next()).type, 'pong');
  },
  'runs operations side by side': async () => {
    const socket = await begun();
    socket.subscribe('a', PRICES);
    socket.subscribe('b', '{ __typename }');
    const seen = new Set();
    while (seen.size < 2) seen.add((await socket.next()).id);
  },
  'closes with 4400 on what is no message': async () => {
    for (const text of ['', '{', 'null', '[]', '"x"', '{}', '{"type":"unknown"}', '{"type":5}']) {
      const socket = await begun();
      socket.send(text);
      await closesWith(socket, CloseCode.BadRequest);
    }
  },
  'closes with 4400 on a subscribe without id or payload': async () => {
    for (const message of [
      { type: 'subscribe' },
      { type: 'subscribe', id: '1' },
      { type: 'subscribe', id: '', payload: { query: '{ __typename }' } },
      { type: 'subscribe', id: 1, payload: { query: '{ __typename }' } },
      { type: 'subscribe', id: '1', payload: {} },
      { type: 'subscribe', id: '1', payload: { query: '{ __typename }', variables: 'x' } },
    ]) {
      const socket = await begun();
      socket.send(message);
      await closesWith(socket, CloseCode.BadRequest);
    }
  },
  'closes with 4400 on binary messages': async () => {
    const socket = await begun();
    socket.ws.send(Buffer.from('{"type":"ping"}'), { binary: true });
    await closesWith(socket, CloseCode.BadRequest);
  },
  'sends text frames': async () => {
    const socket = await begun();
    socket.subscribe('1', '{ __typename }');
    assert.equal((await socket.next()).binary, undefined);
  },
  'graphql-ws: a query has one result': async () => {
    const results = await collected(client(), { query: '{ __typename }' });
    assert.deepEqual(results.map(({ data }) => data), [{ __typename: 'Query' }]);
  },
  'graphql-ws: a mutation has one result': async () => {
    const query = 'mutation { refreshSession(input: {refreshToken: "x"}) { errors { code } } }';
    const results = await collected(client(), { query });
    assert.equal(results.length, 1);
  },
  'graphql-ws: a subscription goes on until it is stopped': async () => {
    assert.equal((await collected(client(), { query: PRICES }, 3)).length, 3);
  },
  'graphql-ws: an error of a document is told': async () => {
    await assert.rejects(
      collected(client(), { query: '{ nothing }' }),
      (errors) => Array.isArray(errors) && errors[0].extensions.code !== undefined,
    );
  },
  'graphql-ws: connectionParams sign in': async () => {
    const using = client({ connectionParams: async () => ({ Authorization: authorization }) });
    const [{ data }] = await collected(using, { query: '{ me { username } }' });
    assert.ok(data.me.username);
  },
  'graphql-ws: a bad token is told as 4403': async () => {
    const using = client({ connectionParams: { Authorization: 'Bearer nonsense' } });
    await assert.rejects(
      collected(using, { query: '{ __typename }' }),
      ({ code }) => code === CloseCode.Forbidden,
    );
  },
  'graphql-ws: keepAlive pings are answered': async () => {
    let pongs = 0;
    const using = client({ lazy: false, keepAlive: 50, on: { pong: (received) => (pongs += received) } });
    while (pongs < 2) await new Promise((resolve) => setTimeout(resolve, 20));
    await using.dispose();
  },
};

function bounded(audit) {
  return Promise.race([
    audit(),
    new Promise((_, reject) => {
      setTimeout(() => reject(new Error('no answer')), ANSWER_MS_MAX).unref();
    }),
  ]);
}

const failures = [];
await Promise.all(
  Object.entries(AUDITS).map(async ([name, audit]) => {
    try {
      await bounded(audit);
    } catch (error) {
      failures.push(`error ${name}: ${error?.message ?? JSON.stringify(error)}`);
    }
  }),
);
const total = Object.keys(AUDITS).length;
console.log(
  `graphql-transport-ws: ${total} audits in total, ${total - failures.length} ok, ` +
    `${failures.length} error`,
);
failures.forEach((failure) => console.log(failure));
process.exit(0);
