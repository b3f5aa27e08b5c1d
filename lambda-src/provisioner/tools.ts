import type { Clock } from '@zae-limiter/client/core/clock';
import type { Store } from '@zae-limiter/client/store/store';
import type { ReadObject } from './manifest-file';

/** What a request is carried out with. */
export interface Tools {
  readonly store: Store;
  readonly clock: Clock;
  readonly readObject: ReadObject;
  /** Aborted when it is time to come to an end. @default never */
  readonly signal?: AbortSignal;
}
