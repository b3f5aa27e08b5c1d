/** What clients do while the table cannot answer. */
export enum OnUnavailable {
  /** Let requests pass. */
  ALLOW = 'allow',
  /** Refuse requests. */
  BLOCK = 'block',
}
