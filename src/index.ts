export { SnapshotClock, SnapshotKeyStyle, SnapshotWindow } from './aggregator';
export type { AggregatorOptions, RefillOptions, ShardingOptions, StreamOptions, UsageOptions } from './aggregator';
export type { FunctionOptions } from './function-options';
export type { ClientEnvironmentOptions, IZaeLimiter } from './limiter';
export type { ILimiterNamespace, NamespaceOptions } from './limiter-namespace';
export type { TableOptions } from './limiter-table';
export type { ProvisionerOptions } from './provisioner';
export { ZaeLimiter } from './zae-limiter';
export type { AuditOptions, ZaeLimiterProps } from './zae-limiter-props';
