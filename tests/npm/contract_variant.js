// Cuts the contract variant out of a subgraph that includes one tag and nothing else, and prints
// what is left of it as JSON. Usage: node contract_variant.js SCHEMA TAG
import { readFileSync } from 'node:fs';
import {
  composeSchemaContract,
  transformSupergraphToPublicSchema,
} from '@theguild/federation-composition';
import { Kind, parse } from 'graphql';

const [file, tag] = process.argv.slice(2);

const subgraph = {
  name: 'cnop',
  url: 'http://cnop/graphql',
  typeDefs: parse(readFileSync(file, 'utf8')),
};
const filter = { include: new Set([tag]), exclude: new Set() };
const { errors = [], supergraphSdl } = composeSchemaContract([subgraph], filter);

const coordinates = ({ name, fields = [] }) => fields.map((field) => `${name.value}.${field.name.value}`);

const types = supergraphSdl
  ? transformSupergraphToPublicSchema(parse(supergraphSdl)).definitions.filter(
      ({ kind }) => kind !== Kind.DIRECTIVE_DEFINITION && kind !== Kind.SCHEMA_DEFINITION,
    )
  : [];
console.log(
  JSON.stringify({
    errors: errors.map(({ message }) => message),
    types: types.map(({ name }) => name.value),
    fields: types.flatMap(coordinates),
  }),
);
