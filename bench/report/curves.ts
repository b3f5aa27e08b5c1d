import type { Measured } from '../rounds';
import type { Curve } from './plots.mjs';
import { middle, type Results } from './results';

const times = (one: Measured, of = ''): Record<string, number> => ({ [`${of}median`]: middle(one, 'p50Ms'), [`${of}99th percentile`]: middle(one, 'p99Ms') });
const byKeys = (one: Measured): string => `${one.keys} ${one.keys === 1 ? 'key' : 'keys'}`;

/** How time and cost of a request grow with one thing at a time. */
export function curvesOf({ growth: { keys, limits, callers }, cost }: Results): Curve[] {
  const time = { y: 'milliseconds' };
  return [
    {
      ...time, name: 'keys', title: 'Time of a request, 16 callers', x: 'keys in use', log: ['x', 'y'],
      points: keys.map((one) => ({ x: Number(one.keys), lines: times(one) })),
    },
    {
      name: 'keys-cost', title: 'Calls of DynamoDB for a request, 16 callers', x: 'keys in use', y: 'calls', log: ['x'],
      points: keys.map((one) => ({ x: Number(one.keys), lines: { calls: middle(one, 'calls') } })),
    },
    {
      ...time, name: 'limits', title: 'Time of a request, one caller', x: 'limits of the bucket', log: ['y'],
      points: limits.map((one) => ({ x: one.limits!, lines: times(one) })),
    },
    {
      name: 'limits-cost', title: 'Write units of a request', x: 'limits of the bucket', y: 'write units', log: [],
      points: cost.growth.map((one) => ({ x: one.limits, lines: { units: one.writeUnits } })),
    },
    {
      ...time, name: 'callers', title: 'Time of a request', x: 'callers', log: ['x', 'y'],
      points: callers.map((one) => ({ x: one.callers, lines: times(one, `${byKeys(one)}, `) })),
    },
    {
      name: 'callers-cost', title: 'Calls of DynamoDB for a request', x: 'callers', y: 'calls', log: ['x', 'y'],
      points: callers.map((one) => ({ x: one.callers, lines: { [byKeys(one)]: middle(one, 'calls') } })),
    },
  ];
}
