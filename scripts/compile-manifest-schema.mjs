// Turns spec/manifest.schema.json into the function that checks manifests, so that nobody needs a schema library to run it.
import Ajv from 'ajv';
import standalone from 'ajv/dist/standalone/index.js';
import { readFileSync } from 'node:fs';

const SCHEMA = 'spec/manifest.schema.json';
/** Checked in, so that the client compiles without this step. */
export const CHECK_FILE = 'packages/client/src/manifest/check-manifest.generated.ts';

/** The TypeScript of the function. */
export function compileManifestSchema() {
  const ajv = new Ajv({
    allErrors: true,
    allowUnionTypes: true,
    messages: false, // the errors have codes
    unicode: false, // lengths are counted as core/identifiers.ts does, in units of UTF-16
    logger: false,
    code: { source: true, esm: true, lines: true, optimize: 2 },
  });
  const code = standalone.default(ajv, ajv.compile(lean(JSON.parse(readFileSync(SCHEMA, 'utf8')))));
  return `// Made from ${SCHEMA} by scripts/compile-manifest-schema.mjs when the functions are bundled. Never edited.
// @ts-nocheck
/* istanbul ignore file */
${code.replace('"use strict";', '').replace(/export default \w+;/, '').trim()}
`;
}

/** Without what is for people; and with the reserved names where they are used: ajv tells more of errors in schemas without references. */
function lean(schema) {
  const { reserved } = schema.definitions;
  const isReserved = (value) => value?.$ref === '#/definitions/reserved';
  return JSON.parse(JSON.stringify(schema, (key, value) => (key === 'description' || key === 'title' ? undefined : isReserved(value) ? reserved : value)));
}
