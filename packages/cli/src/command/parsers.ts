import { invalid } from '../errors.js';

/** A whole number in a range. */
export const integer = (least: number, most = Number.MAX_SAFE_INTEGER) => (text: string): number => {
  const number = /^-?\d+$/.test(text) ? Number(text) : NaN;
  if (!(number >= least && number <= most)) {
    throw invalid(`must be a whole number ${most === Number.MAX_SAFE_INTEGER ? `of at least ${least}` : `from ${least} to ${most}`}, got '${text}'`);
  }
  return number;
};

/** A number in a range, fractions included. */
export const number = (least: number, most = Infinity) => (text: string): number => {
  const value = text.trim() === '' ? NaN : Number(text);
  if (!(value >= least && value <= most)) throw invalid(`must be a number ${most === Infinity ? `of at least ${least}` : `from ${least} to ${most}`}, got '${text}'`);
  return value;
};

const UNIT_MS = { ms: 1, s: 1000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const;

/** A length of time such as `500ms`, `30s`, `5m`, `1h`, `7d` or `2w`, in milliseconds; a bare number is seconds. */
export function duration(text: string): number {
  const [, amount, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|min|h|d|w)?$/.exec(text.trim()) ?? [];
  if (amount === undefined) throw invalid(`must be a length of time such as 500ms, 30s, 5m, 1h or 7d, got '${text}'`);
  return Number(amount) * UNIT_MS[unit as keyof typeof UNIT_MS];
}

/** A point in time in ISO 8601, as it was typed; a date alone and a time without a zone are UTC. */
export function isoTime(text: string): string {
  const zoned = /T[\d:.]+$/.test(text) ? `${text}Z` : text;
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(Date.parse(zoned))) throw invalid(`must be a time in ISO 8601, such as 2026-01-31T12:00:00Z, got '${text}'`);
  return new Date(zoned).toISOString();
}

/** `KEY=VALUE`. */
export function keyValue(text: string): readonly [key: string, value: string] {
  const at = text.indexOf('=');
  if (at < 1) throw invalid(`must look like KEY=VALUE, got '${text}'`);
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `NAME=N`, whole tokens of a limit. */
export function tokens(text: string): readonly [name: string, amount: number] {
  const [name, amount] = keyValue(text);
  return [name, integer(0)(amount)];
}
