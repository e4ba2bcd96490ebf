// Runs the server audits of the package graphql-http, and prints what came of each as JSON lines,
// after the audits' own summary. Usage: node http_audits.js URL
import { auditServer } from 'graphql-http';

const [url] = process.argv.slice(2);

// Operations by GET need a header that no foreign page can send; the audits know of no such rule.
const fetchFn = (address, init = {}) =>
  init.method === 'POST'
    ? fetch(address, init)
    : fetch(address, { ...init, headers: { ...init.headers, 'apollo-require-preflight': '1' } });

const results = await auditServer({ url, fetchFn });

const count = (status) => results.filter((result) => result.status === status).length;
console.log(
  `graphql-http: ${results.length} audits in total, ${count('ok')} ok, ${count('notice')} notice, ` +
    `${count('warn')} warn, ${count('error')} error`,
);
for (const result of results) {
  if (result.status !== 'ok') {
    console.log(`${result.status} ${result.id} ${result.name}: ${result.reason}`);
  }
}
