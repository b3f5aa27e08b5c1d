import type { Clock } from '../core/clock.js';
import { IncompatibleSchemaError, LimiterUnavailableError } from '../core/errors.js';
import { checkNamespace } from '../core/identifiers.js';
import { int, readText, text } from '../schema/attributes.js';
import { CONFIG, configKey } from '../schema/config-item.js';
import { activeNamespaceId, namespaceItems, namespaceKey, versionKey } from '../schema/namespace-item.js';
import { GSI4, indexKeys, PARTITION_KEY } from '../schema/table.js';
import { setAll, setAllIfAbsent } from '../schema/update.js';
import { isoSeconds } from '../schema/usage-item.js';
import { CLIENT_MINIMUM, compareVersions, majorVersion, VERSION, versionAttributes } from '../schema/version-item.js';
import type { Store } from '../store/store.js';

/** Times that a record is tried again after somebody else wrote it meanwhile. */
const ATTEMPTS = 4;

/**
 * Records that belong to the whole table: which namespaces there are and which schema they follow.
 *
 * Every method may be called again, also on a table in use: what is there already stays.
 */
export class Registry {
  /** @param randomBytes gives this many random bytes; namespace ids are made of them */
  constructor(
    private readonly store: Store, private readonly clock: Clock, private readonly randomBytes: (size: number) => Uint8Array = cryptoBytes,
  ) {}

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
   */
  async registerNamespace(name: string): Promise<string> {
    checkNamespace(name);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const known = activeNamespaceId(await this.store.get(namespaceKey(name), { consistent: true }));
      if (known !== undefined) return known;
      const id = this.newId();
      const [byName, byId] = namespaceItems(name, id, isoSeconds(this.clock.now()));
      const conditions = [{ absent: PARTITION_KEY }];
      if (await this.store.transact([{ put: byName, conditions }, { put: byId, conditions }])) return id;
    }
    throw contended(`namespace '${name}'`);
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

  /** 8 random bytes as 11 characters; never `_` or `-` first, which a reserved id and a command line flag start with. */
  private newId(): string {
    for (;;) {
      const id = Buffer.from(this.randomBytes(8)).toString('base64url');
      if (!/^[-_]/.test(id)) return id;
    }
  }
}

function contended(what: string): LimiterUnavailableError {
  return new LimiterUnavailableError(`${what} was changed by others again and again`, true);
}

function cryptoBytes(size: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(size));
}
