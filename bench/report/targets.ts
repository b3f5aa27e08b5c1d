import { only, ratio, type Results } from './results';

/** What the client promises beside its floor and its peers, and what was measured. */
export interface Target {
  readonly what: string;
  readonly bound: { readonly atMost: number } | { readonly atLeast: number } | { readonly below: number };
  readonly measured: number;
  readonly unit: 'times' | 'units';
}

export function isMet({ bound, measured }: Target): boolean {
  if ('below' in bound) return measured < bound.below;
  return 'atMost' in bound ? measured <= bound.atMost : measured >= bound.atLeast;
}

export function targets({ speed: { cases }, cost }: Results): Target[] {
  const hot = only(cases, { subject: 'ours', name: 'tryAcquire', keys: 1, callers: 256 });
  const spread = only(cases, { subject: 'ours', name: 'tryAcquire', keys: 1000, callers: 64 });
  const spreadFloor = only(cases, { subject: 'sdk', keys: 1000, callers: 64 });
  const one = only(cases, { subject: 'ours', name: 'tryAcquire', keys: 1, callers: 1 });
  const units = (path: string): number => cost.ours[path]!.writeUnits;
  return [
    {
      what: 'Time of a `tryAcquire` beside that of the bare `UpdateItem`, one caller', unit: 'times', bound: { atMost: 1.1 },
      measured: ratio(one, only(cases, { subject: 'sdk', keys: 1, callers: 1 }), 'p50Ms'),
    },
    {
      what: 'Requests for one key beside bare updates, 256 callers', unit: 'times', bound: { atLeast: 100 },
      measured: ratio(hot, only(cases, { subject: 'sdk', keys: 1, callers: 256 }), 'perSecond'),
    },
    ...PEERS.map(([subject, name]) => ({
      what: `Requests for one key beside ${name}, 256 callers`, unit: 'times' as const, bound: { atLeast: 100 },
      measured: ratio(hot, only(cases, { subject, name: 'tryAcquire', keys: 1, callers: 256 }), 'perSecond'),
    })),
    {
      what: 'Requests for 1000 keys beside bare updates, 64 callers', unit: 'times', bound: { atLeast: 1 },
      measured: ratio(spread, spreadFloor, 'perSecond'),
    },
    { what: 'CPU time of such a request beside that of a bare update', unit: 'times', bound: { below: 1 }, measured: ratio(spread, spreadFloor, 'cpuUs') },
    { what: 'Write units of a request, bucket known', unit: 'units', bound: { atMost: 1 }, measured: units('bucket and limits known to the process') },
    { what: 'Write units of a request, 256 callers on one bucket', unit: 'units', bound: { atMost: 0.01 }, measured: units('one of 256 at a time on one bucket') },
    {
      what: 'Write units of a refusal, repeated', unit: 'units', bound: { atMost: 0 },
      measured: units('refused within a quarter of a second after the bucket was seen too short'),
    },
  ];
}

/** The other limiters, by subject. */
export const PEERS: readonly (readonly [subject: string, name: string])[] = [
  ['rate-limiter-flexible', 'rate-limiter-flexible'], ['python', 'the Python library'],
];
