/** 1234567 as `1,234,567`. */
export const count = (value: number): string => value.toLocaleString('en-US');

/** `42 s`, `3.5 min`; rounded up, so that who waits that long has waited long enough. */
export function time(ms: number): string {
  if (!Number.isFinite(ms)) return 'never';
  if (ms < 1000) return `${Math.ceil(ms)} ms`;
  const units = [['s', 1000], ['min', 60_000], ['h', 3_600_000], ['d', 86_400_000]] as const;
  const [unit, size] = units.findLast(([, least]) => ms >= least * (least === 1000 ? 1 : 1.5))!;
  return `${String(Math.ceil((ms / size) * 10) / 10)} ${unit}`;
}

/** How the Python library prints about how many: `~1.2K`. */
export function about(value: number): string {
  if (value < 1000) return String(value);
  const [unit, size] = ([['K', 1e3], ['M', 1e6], ['B', 1e9]] as const).findLast(([, least]) => value >= least)!;
  return `~${(value / size).toFixed(1)}${unit}`;
}

/** `~256.0 KB`. */
export function bytes(value: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const power = Math.min(value < 1 ? 0 : Math.floor(Math.log2(value) / 10), units.length - 1);
  return power === 0 ? `${value} B` : `~${(value / 1024 ** power).toFixed(1)} ${units[power]}`;
}

/** Tokens as requests see them: a part of one cannot be taken. */
export const wholeTokens = (value: number): string => count(Math.floor(value));

/** 1234.5 as `1,234.5`; up to three decimals, as tokens have them. */
export const decimals = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 3 });

/** `60/min`, `5/10sec`: what comes back, and in what time. */
export function rate({ amount, periodMs }: { readonly amount: number; readonly periodMs: number }): string {
  const units = [['sec', 1000], ['min', 60_000], ['hour', 3_600_000], ['day', 86_400_000]] as const;
  const [unit, size] = units.findLast(([, one]) => periodMs % one === 0) ?? ['ms', 1];
  const periods = periodMs / size;
  return `${decimals(amount)}/${periods === 1 ? '' : periods}${unit}`;
}
