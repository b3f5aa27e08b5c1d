import { Limit } from '@zae-limiter/client';
import { targetName, type LimitNumbers, type LiveSettings, type Target } from '@zae-limiter/client/admin';
import type { Style } from '../output/style.js';
import { time } from '../output/text.js';
import type { LimitsChange, OutsideChange } from './provisioning.js';

export interface LineOptions {
  readonly style: Style;
  /** Epoch, in milliseconds. */
  readonly now: number;
  /** What becomes of changes that would lose something; `show` for a comparison that changes nothing. */
  readonly onConflict: 'fail' | 'overwrite' | 'skip' | 'show';
  /** Whether a change may be carried out at all. @default every one may */
  readonly mayChange?: (target: Target) => boolean;
}

/** A line for each change: `  ~ resource gpt-4   tpm 50,000/min → 80,000/min`. */
export function changeLines(changes: readonly LimitsChange[], options: LineOptions): string[] {
  const { style } = options;
  const names = changes.map(({ target }) => targetName(target) ?? '(system defaults)');
  const width = Math.max(...names.map((name) => name.length));
  return changes.map((change, at) => {
    const reason = keepingReason(change, options);
    const columns = [
      sign(reason === undefined ? change.action : 'keep', style),
      change.target.level.padEnd('resource'.length),
      names[at]!.padEnd(width), '',
      ...(reason === undefined ? [difference(change, style.arrow)] : []),
      ...remark(change, reason, options),
    ];
    return `  ${columns.join(' ')}`;
  });
}

function sign(action: LimitsChange['action'] | 'keep', { green, yellow, red, cyan }: Style): string {
  return { create: green('+'), update: yellow('~'), delete: red('-'), keep: cyan('!') }[action];
}

/** Why a change is not carried out; undefined for one that is. */
function keepingReason({ target, outside }: LimitsChange, { onConflict, mayChange = () => true }: LineOptions): string | undefined {
  if (!mayChange(target)) return 'stays as it is';
  return outside !== undefined && (onConflict === 'fail' || onConflict === 'skip') ? `kept: --on-conflict=${onConflict}` : undefined;
}

function remark({ outside }: LimitsChange, reason: string | undefined, { now, onConflict }: LineOptions): string[] {
  const what = outside && outsideText(outside, now);
  if (reason !== undefined) return [...(what === undefined ? [] : [what]), `(${reason})`];
  if (what === undefined) return [];
  return [onConflict === 'show' ? `(${what})` : `(${what}; overwritten)`];
}

const outsideText = ({ by, at }: OutsideChange, now: number): string => [
  'changed outside the manifest',
  ...(at === undefined ? [] : [`${time(Math.max(0, now - Date.parse(at)))} ago`]),
  ...(by === undefined ? [] : [`by ${by}`]),
].join(' ');

/** What is there, what goes, or what becomes of each part. */
function difference({ before, after }: LimitsChange, arrow: string): string {
  if (before === undefined || after === undefined) return partsText(before ?? after!);
  const [old, next] = [parts(before), parts(after)];
  return [...new Set([...Object.keys(old), ...Object.keys(next)])]
    .filter((name) => old[name] !== next[name])
    .map((name) => `${name} ${old[name] ?? 'none'} ${arrow} ${next[name] ?? 'none'}`)
    .join('  ');
}

/** `rpm 500/min  tpm 800,000/min` */
export const partsText = (settings: LiveSettings): string => Object.entries(parts(settings)).map(([name, text]) => `${name} ${text}`).join('  ');

/** Each limit and the policy as text, by name. */
function parts({ limits, on_unavailable: policy }: LiveSettings): Record<string, string> {
  return {
    ...Object.fromEntries(Object.entries(limits).map(([name, numbers]) => [name, limitText(name, numbers)])),
    ...(policy !== undefined && { on_unavailable: policy }),
  };
}

function limitText(name: string, { capacity, refill_amount: refillAmount, refill_period: refillPeriodSeconds }: Partial<LimitNumbers>): string {
  if (!isPositive(capacity) || !isPositive(refillAmount) || !isPositive(refillPeriodSeconds)) return '(damaged)';
  return String(Limit.custom(name, { capacity, refillAmount, refillPeriodSeconds })).slice(name.length + 2);
}

const isPositive = (value: number | undefined): value is number => value !== undefined && value > 0;

/** `1 to add, 2 to change, 0 to remove, 5 unchanged`, of changes that are carried out. */
export function countsText(changes: readonly LimitsChange[], unchanged: number, kept: number): string {
  const count = (action: LimitsChange['action']): number => changes.filter((change) => change.action === action).length;
  const conflicts = kept === 0 ? '' : `, ${kept} in conflict`;
  return `${count('create')} to add, ${count('update')} to change, ${count('delete')} to remove, ${unchanged} unchanged${conflicts}`;
}
