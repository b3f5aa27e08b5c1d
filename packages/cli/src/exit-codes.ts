/** What a program that calls the CLI can tell from its exit code. A contract: docs/reference/cli.md lists them. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** Arguments, manifest or configuration. */
  invalid: 2,
  /** AWS or the network. */
  aws: 3,
  /** Stack, table, namespace or entity. */
  notFound: 4,
  /** Version or schema. */
  incompatible: 5,
  /** `limits diff`; `limits plan --detailed-exitcode` when there are changes. */
  drift: 6,
  /** A confirmation was needed and not given. */
  refused: 7,
  /** `acquire`. */
  rateLimited: 8,
  interrupted: 130,
} as const;

export type ExitCode = typeof EXIT[keyof typeof EXIT];

/** Exit code of each error code of the client, as spec/errors.json has it; a test keeps the two equal. */
export const EXIT_OF_ERROR: Readonly<Record<string, ExitCode>> = {
  RATE_LIMITED: EXIT.rateLimited,
  LEASE_EXPIRED: EXIT.failed,
  WAIT_TIMEOUT: EXIT.rateLimited,
  UNAVAILABLE: EXIT.aws,
  INFRASTRUCTURE_NOT_FOUND: EXIT.notFound,
  NAMESPACE_NOT_FOUND: EXIT.notFound,
  NAMESPACE_STATE: EXIT.failed,
  ENTITY_NOT_FOUND: EXIT.notFound,
  ENTITY_EXISTS: EXIT.failed,
  INCOMPATIBLE_SCHEMA: EXIT.incompatible,
  VERSION_MISMATCH: EXIT.incompatible,
  CORRUPT_RECORD: EXIT.failed,
  VALIDATION_FAILED: EXIT.invalid,
  INVALID_IDENTIFIER: EXIT.invalid,
  INVALID_NAME: EXIT.invalid,
  UNKNOWN_LIMIT: EXIT.invalid,
  NO_LIMITS_CONFIGURED: EXIT.invalid,
  INVALID_MANIFEST: EXIT.invalid,
  LIMITS_OWNED: EXIT.failed,
};
