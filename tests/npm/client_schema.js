// Reads a schema as the tools of clients do, and says on one line of JSON what came of it.
// Usage: node client_schema.js SCHEMA OPERATION
import { readFileSync } from 'node:fs';
import { buildSchema, parse, validate, validateSchema } from 'graphql';

const [file, operation] = process.argv.slice(2);

function errorsIn(text) {
  try {
    const schema = buildSchema(text);
    return [...validateSchema(schema), ...validate(schema, parse(operation))];
  } catch (error) {
    return [error];
  }
}

console.log(JSON.stringify(errorsIn(readFileSync(file, 'utf8')).map(({ message }) => message)));
