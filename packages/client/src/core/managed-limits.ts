/** Which limits a provisioner looks after: it alone changes and removes them. */
export interface ManagedLimits {
  /** Those of the whole namespace. */
  readonly system: boolean;
  readonly resources: readonly string[];
  /** Resources by entity; `_default_` for the limits of an entity on all resources. */
  readonly entities: Readonly<Record<string, readonly string[]>>;
}
