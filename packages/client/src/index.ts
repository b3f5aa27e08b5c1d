/**
 * Runtime client of zae-limiter: token-bucket limits that many processes share in one DynamoDB table.
 *
 * @packageDocumentation
 */
export { Admin } from './admin/admin.js';
export { LimitsAdmin, type SetLimitsOptions, type StoredLimits } from './admin/limits.js';
export { Registry } from './admin/registry.js';
export { UsageAdmin, type UsageFilter } from './admin/usage.js';
export { systemClock, type Clock } from './core/clock.js';
export * from './core/errors.js';
export { Limit, type BurstOptions, type CustomLimit } from './core/limit.js';
export type { LimitSource, LimitView } from './core/limit-view.js';
export type { OnUnavailable } from './core/on-unavailable.js';
export type { CacheStats } from './limiter/config-cache.js';
export type {
  AllowedDecision, Decision, DegradedDecision, LimitedDecision, UnavailableDecision, UnsatisfiableDecision,
} from './limiter/decision.js';
export type { LimiterEvents } from './limiter/events.js';
export { Lease } from './limiter/lease.js';
export type { ResolverOptions } from './limiter/limit-resolver.js';
export { RateLimiter, type ConnectOptions, type LimiterOptions, type OpenOptions } from './limiter/rate-limiter.js';
export type { AcquireRequest } from './limiter/request.js';
export type { LimitScope } from './schema/config-item.js';
export { SCHEMA_VERSION } from './schema/table.js';
export type { UsageSnapshot, UsageWindow } from './schema/usage-item.js';
export { DynamoDbStore } from './store/dynamodb/dynamodb-store.js';
export { MemoryStore } from './store/memory-store.js';
export type { Query, Store, UpdateOutcome } from './store/store.js';
