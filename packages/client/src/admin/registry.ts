import type { Clock } from '../core/clock.js';
import { IncompatibleSchemaError } from '../core/errors.js';
import { int, readText, text } from '../schema/attributes.js';
import { CONFIG, configKey } from '../schema/config-item.js';
import { versionKey } from '../schema/namespace-item.js';
import { GSI4, indexKeys } from '../schema/table.js';
import { setAll, setAllIfAbsent } from '../schema/update.js';
import { isoSeconds } from '../schema/usage-item.js';
import { CLIENT_MINIMUM, compareVersions, majorVersion, VERSION, versionAttributes } from '../schema/version-item.js';
import type { Store } from '../store/store.js';
import { ATTEMPTS, contended } from './contended.js';
import { NamespacesAdmin } from './namespaces.js';

/**
 * Records that belong to the whole table: which namespaces there are and which schema they follow.
 *
 * Every method may be called again, also on a table in use: what is there already stays.
 */
export class Registry {
  private readonly namespaces: NamespacesAdmin;

  /** @param randomBytes gives this many random bytes; namespace ids are made of them */
  constructor(private readonly store: Store, private readonly clock: Clock, randomBytes?: (size: number) => Uint8Array) {
    this.namespaces = new NamespacesAdmin({ store, clock, randomBytes });
  }

  /**
   * Says which schema the table follows.
   *
   * @param writer who says so, for example `cdk:1.2.3`
   * @throws {IncompatibleSchemaError} the table follows a newer schema, or another major version
   */
  async recordVersion(schemaVersion: string, writer: string): Promise<void> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const record = await this.store.get(versionKey, { consistent: true });
      const found = record && readText(record, VERSION.schema);
      if (found !== undefined && (majorVersion(found) !== majorVersion(schemaVersion) || compareVersions(found, schemaVersion) > 0)) {
        throw new IncompatibleSchemaError(schemaVersion, found);
      }
      const { applied } = await this.store.update({
        key: versionKey,
        changes: new Map([
          ...setAll(versionAttributes(schemaVersion, isoSeconds(this.clock.now()), writer)),
          ...setAllIfAbsent({ [VERSION.clientMinimum]: text(CLIENT_MINIMUM) }),
        ]),
        conditions: [found === undefined ? { absent: VERSION.schema } : { equals: [VERSION.schema, text(found)] }],
      });
      if (applied) return;
    }
    throw contended('the version record');
  }

  /**
   * Registers a namespace, or finds it when it is registered already.
   *
   * @returns the namespace's id
   * @throws {ValidationError} the name is not valid
   * @throws {NamespaceStateError} there is a record of the name that is not active
   */
  async registerNamespace(name: string): Promise<string> {
    return this.namespaces.register(name);
  }

  /** Says how many days a namespace's audit events are kept. Touches no other setting (W37). */
  async setAuditRetention(namespaceId: string, days: number): Promise<void> {
    const key = configKey(namespaceId, {});
    await this.store.update({
      key,
      changes: new Map([
        [CONFIG.auditRetentionDays, { set: int(days) }],
        ...setAllIfAbsent({ ...indexKeys(GSI4, namespaceId, key.pk), [CONFIG.version]: int(1) }),
      ]),
      conditions: [],
    });
  }
}
