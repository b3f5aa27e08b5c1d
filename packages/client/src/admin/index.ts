/**
 * What tools for operators need beside the client: declared limits, and the names and versions in a table.
 *
 * @packageDocumentation
 */
export { checkEntityId, checkLimiterName, checkNamespace, checkResource, DEFAULT_RESOURCE } from '../core/identifiers.js';
export { canonicalJson, manifestHash } from '../manifest/canonical-json.js';
export { declarationOf, declaredBy, manifestOf, withoutTargets, type Declared } from '../manifest/declared.js';
export type { LimitNumbers, Manifest, ManifestDeclaration, Settings } from '../manifest/manifest.js';
export type { LiveSettings, Plan, PlannedChange } from '../manifest/plan.js';
export { changeView, type ChangeView } from '../manifest/plan.js';
export { managedTargets, targetId, targetName, targetsOf, type Target } from '../manifest/managed.js';
export { propertiesOfManifest } from '../manifest/to-properties.js';
export { MANIFEST_RULES } from '../manifest/rules.js';
export { checkManifest, parseManifest, type ManifestCode } from '../manifest/validate.js';
export { fromAttribute, type AttributeValue, type Item } from '../schema/attributes.js';
export type { PrimaryKey } from '../schema/keys.js';
export { activeNamespaceId, namespaceKey, versionKey } from '../schema/namespace-item.js';
export { PARTITION_KEY, SORT_KEY } from '../schema/table.js';
export type { ItemUpdate, ItemWrite } from '../schema/update.js';
export { checkVersion, compareVersions, majorVersion } from '../schema/version-item.js';
export type { AuditRange } from './audit-range.js';
export { entityLimits, type EntityLimits } from './entity-limits.js';
export { namespaceAuditEvents } from './namespace-audit.js';
export { namespaceById, OperatorAdmin, type ErasedEntity, type OperatorAdminOptions } from './operator-admin.js';
export { countItems, type ItemCounts } from './namespace-contents.js';
export { limitEvents, type LimitEvent } from './limit-events.js';
export { LimitsProvisioner, type Applied, type ApplyOptions, type PlanOptions } from './limits-provisioner.js';
