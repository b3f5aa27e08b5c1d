import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Item } from '@zae-limiter/client/schema/attributes';

/** What one operation of the Python library did to the table. */
export interface GoldenStep {
  readonly step: string;
  readonly changes: readonly ({ readonly put: Item } | { readonly delete: Item })[];
}

/** The steps of a file in `spec/golden`, in order. */
export function goldenSteps(file: 'client' | 'aggregator' | 'provisioner'): readonly GoldenStep[] {
  return JSON.parse(readFileSync(join(__dirname, '../../../../spec/golden', `${file}.json`), 'utf8')) as GoldenStep[];
}

/** Items that a step wrote. */
export const written = ({ changes }: GoldenStep): Item[] => changes.flatMap((change) => ('put' in change ? [change.put] : []));
