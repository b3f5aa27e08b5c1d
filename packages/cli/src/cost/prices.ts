import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Prices of AWS on demand, in US dollars, as the pages named in `sources` had them on `date`. */
export interface Prices {
  readonly region: string;
  readonly currency: string;
  readonly date: string;
  readonly sources: Record<string, string>;
  readonly dynamodb: { readonly millionWriteUnits: number; readonly millionReadUnits: number; readonly gigabyteMonth: number };
  readonly lambda: { readonly millionRequests: number; readonly gigabyteSecondArm: number };
}

/** A copy of spec/prices.json, the only price table, which the build puts into the package. */
export const PRICES = JSON.parse(readFileSync(join(__dirname, '..', '..', 'assets', 'prices.json'), 'utf8')) as Prices;
