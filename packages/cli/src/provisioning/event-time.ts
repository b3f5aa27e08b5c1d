import type { AuditEvent } from '@zae-limiter/client';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_CHARACTERS = 10;

/** When an event happened, in milliseconds: its ULID says it exactly, while its timestamp has seconds only. */
export function eventTime({ id, timestamp }: Pick<AuditEvent, 'id' | 'timestamp'>): number {
  if (!/^[0-7][0-9A-HJKMNP-TV-Z]{25}$/.test(id)) return Date.parse(timestamp);
  return [...id.slice(0, TIME_CHARACTERS)].reduce((time, character) => time * ALPHABET.length + ALPHABET.indexOf(character), 0);
}
