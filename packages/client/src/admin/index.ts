/**
 * What tools for operators need beside the client: declared limits, and the names and versions in a table.
 *
 * @packageDocumentation
 */
export { checkLimiterName, checkNamespace } from '../core/identifiers.js';
export type { Target } from '../manifest/managed.js';
export type { LimitNumbers, Manifest, ManifestDeclaration, Settings } from '../manifest/manifest.js';
export type { LiveSettings, Plan, PlannedChange } from '../manifest/plan.js';
export { changeView, type ChangeView } from '../manifest/plan.js';
export { targetName } from '../manifest/managed.js';
export { checkManifest, parseManifest, type ManifestCode } from '../manifest/validate.js';
export { fromAttribute, type AttributeValue, type Item } from '../schema/attributes.js';
export type { PrimaryKey } from '../schema/keys.js';
export { activeNamespaceId, namespaceKey, versionKey } from '../schema/namespace-item.js';
export { PARTITION_KEY, SORT_KEY } from '../schema/table.js';
export type { ItemUpdate, ItemWrite } from '../schema/update.js';
export { checkVersion, compareVersions, majorVersion } from '../schema/version-item.js';
export { Registry } from './registry.js';
export { LimitsProvisioner, type Applied, type ApplyOptions } from './limits-provisioner.js';
