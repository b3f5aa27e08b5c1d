import type { ManifestCode } from './validate.js';

/** Each rule of a manifest in words, to follow the path of what breaks it. */
export const MANIFEST_RULES: Readonly<Record<ManifestCode, string>> = {
  REQUIRED: 'must be given',
  UNKNOWN_KEY: 'must not be there, it is no key of a limits manifest',
  NOT_A_MAPPING: 'must be a mapping',
  EMPTY_LIMITS: 'must hold at least one limit',
  EMPTY_SECTION: 'must have limits or a policy for when the table cannot answer',
  INVALID_NAMESPACE: "must have 1 to 128 characters without '#'",
  RESERVED_NAMESPACE: "must not be '_'",
  INVALID_RESOURCE: 'must start with a letter and hold up to 64 letters, digits and _ . - /, and be no name of an attribute',
  INVALID_ENTITY: 'must start with a letter or digit and hold up to 256 letters, digits and _ . - : @',
  INVALID_LIMIT_NAME: 'must start with a letter and hold up to 64 letters, digits and _ . -',
  RESERVED_LIMIT_NAME: "must not be 'wcu' or the name of an attribute of usage records",
  NOT_AN_INTEGER: 'must be a whole number',
  NOT_POSITIVE: 'must be at least 1',
  TOO_LARGE: 'must be at most 999999999999',
  INVALID_ON_UNAVAILABLE: "must be 'allow' or 'block'",
  TOO_MANY_LIMITS: 'must fit into one record of 380 KB with the names of all resources and entities',
};
