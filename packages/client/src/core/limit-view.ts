/** Where the limits of an entity and resource were found; the first level that has any wins whole. */
export type LimitSource = 'entity' | 'entityDefault' | 'resource' | 'system' | 'override';

/** What one limit of one entity looked like when a request was decided. */
export interface LimitView {
  readonly name: string;
  readonly entity: string;
  readonly resource: string;
  /** Most tokens that the bucket can hold. */
  readonly capacity: number;
  /** `amount` tokens come back every `periodMs` milliseconds. */
  readonly refill: { readonly amount: number; readonly periodMs: number };
  /** Whole tokens left after the request; negative while in debt. */
  readonly remaining: number;
  /** Tokens that the request asked for. */
  readonly requested: number;
  /** True when this limit was short. */
  readonly exceeded: boolean;
  /** 0 when not exceeded; undefined when no wait would ever suffice, because `requested` is above `capacity`. */
  readonly retryAfterMs: number | undefined;
  /** Milliseconds until the bucket is full again, if nobody takes from it; Infinity for a share that never refills. */
  readonly resetMs: number;
  readonly source: LimitSource;
}
