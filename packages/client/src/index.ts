/**
 * Runtime client of zae-limiter: token-bucket limits that many processes share in one DynamoDB table.
 *
 * @packageDocumentation
 */
export { Admin, type AdminOptions, type TableStatus } from './admin/admin.js';
export { AuditAdmin, type AuditFilter } from './admin/audit.js';
export type { AuditOptions } from './admin/audit-trail.js';
export type { BucketLimit, BucketShard, BucketView } from './admin/bucket-views.js';
export { BucketsAdmin, type BlockOptions } from './admin/buckets.js';
export { EntitiesAdmin, type EntityChanges, type NewEntity } from './admin/entities.js';
export { LimitsAdmin, type SetLimitsOptions, type StoredLimits } from './admin/limits.js';
export { List, type Page, type PageOptions } from './admin/list.js';
export type { PurgeProgress } from './admin/namespace-purge.js';
export { NamespacesAdmin, type NamespacesAdminOptions, type PurgeOptions } from './admin/namespaces.js';
export { Registry } from './admin/registry.js';
export type { CapacityQuery, EntityCapacity, ResourceCapacity } from './admin/resource-capacity.js';
export { UsageAdmin, type UsageFilter, type UsageSummary, type UsageSummaryFilter } from './admin/usage.js';
export { systemClock, type Clock } from './core/clock.js';
export * from './core/errors.js';
export { Limit, type BurstOptions, type CustomLimit } from './core/limit.js';
export type { LimitSource, LimitView } from './core/limit-view.js';
export type { OnUnavailable, OutagePolicy } from './core/on-unavailable.js';
export type { CacheStats } from './limiter/config-cache.js';
export type {
  AllowedDecision, Check, Decision, DegradedDecision, LimitedDecision, ShadowDecision, UnavailableDecision, UnsatisfiableDecision,
} from './limiter/decision.js';
export type { LimiterEvents } from './limiter/events.js';
export type { Explanation } from './limiter/inspector.js';
export { Lease, type Tokens } from './limiter/lease.js';
export type { ResolverOptions } from './limiter/limit-resolver.js';
export { RateLimiter, type ConnectOptions, type LimiterOptions, type OpenOptions, type RunOptions } from './limiter/rate-limiter.js';
export type { AcquireRequest, WaitOptions } from './limiter/request.js';
export type { Plain } from './schema/attributes.js';
export type { AuditAction, AuditEvent } from './schema/audit-item.js';
export type { LimitScope } from './schema/config-item.js';
export type { Entity } from './schema/entity-item.js';
export type { Namespace, NamespaceStatus } from './schema/namespace-item.js';
export { SCHEMA_VERSION } from './schema/table.js';
export type { UsageSnapshot, UsageWindow } from './schema/usage-item.js';
export type { TableVersion } from './schema/version-item.js';
export type { BreakerPolicy } from './store/circuit-breaker.js';
export { DynamoDbStore } from './store/dynamodb/dynamodb-store.js';
export { listDeployed, type DeployedLimiter, type ListDeployedOptions } from './store/dynamodb/list-deployed.js';
export { MemoryStore } from './store/memory-store.js';
export type { CallOptions, Query, ReadOptions, Store, TableDescription, UpdateOptions, UpdateOutcome } from './store/store.js';
