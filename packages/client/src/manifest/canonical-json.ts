import { createHash } from 'node:crypto';
import type { Manifest } from './manifest.js';

/**
 * Fingerprint of a manifest, equal for all ways of writing the same: `sha256:` and 64 hex digits. The Python library
 * computes the same, so what one applied the other knows.
 */
export function manifestHash(manifest: Manifest): string {
  return `sha256:${createHash('sha256').update(canonicalJson(manifest)).digest('hex')}`;
}

/** JSON as Python's `json.dumps(value, sort_keys=True)` writes it: sorted, spaced and in ASCII. */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const entries = Object.entries(value).sort(([a], [b]) => byCodePoint(a, b));
    return `{${entries.map(([key, entry]) => `${canonicalJson(key)}: ${canonicalJson(entry)}`).join(', ')}}`;
  }
  // A unit of UTF-16 at a time, so that a character outside the first plane becomes its two surrogates.
  return JSON.stringify(value).replace(/[^ -~]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** UTF-8 sorts as code points do, which UTF-16 does not. */
function byCodePoint(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
