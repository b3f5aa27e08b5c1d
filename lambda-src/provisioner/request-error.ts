/** What can be wrong with a request, beside its manifest. docs/reference/manifest.md explains each. */
export type RequestCode =
  | 'UNKNOWN_ACTION' | 'INVALID_REQUEST' | 'TABLE_MISMATCH' | 'NAMESPACE_REQUIRED' | 'NAMESPACE_MISMATCH'
  | 'MANIFEST_REQUIRED' | 'MANIFEST_UNREADABLE' | 'MANIFEST_CHANGED';

/** A request asks for something that this function does not do. Nothing was changed. The message begins with the code. */
export class RequestError extends Error {
  override readonly name = 'RequestError';

  constructor(readonly code: RequestCode, message: string, options?: ErrorOptions) {
    super(`${code}: ${message}`, options);
  }
}

/** A request may name the table, but this function has rights to one only (F-20). */
export function checkTable(wanted: unknown, tableName: string): void {
  if (wanted !== undefined && wanted !== tableName) {
    throw new RequestError('TABLE_MISMATCH', `this function serves table '${tableName}', not ${JSON.stringify(wanted)}`);
  }
}
