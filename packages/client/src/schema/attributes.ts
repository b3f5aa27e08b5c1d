import { CorruptRecordError } from '../core/errors.js';

/** An attribute value in DynamoDB's wire form. Numbers stay text, so no digit is lost on the way. */
export type AttributeValue =
  | { readonly S: string }
  | { readonly N: string }
  | { readonly BOOL: boolean }
  | { readonly NULL: true }
  | { readonly SS: readonly string[] }
  | { readonly L: readonly AttributeValue[] }
  | { readonly M: Readonly<Record<string, AttributeValue>> };

/** An item, or a part of one. */
export type Item = Readonly<Record<string, AttributeValue>>;

export const text = (value: string): AttributeValue => ({ S: value });

export const bool = (value: boolean): AttributeValue => ({ BOOL: value });

/** The table holds integers only: a fraction makes an item unreadable to every other client (W26). */
export function int(value: number): AttributeValue {
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a safe integer: ${value}`);
  return { N: String(value) };
}

/** Text of an attribute; undefined when it is missing or of another type. */
export function readText(item: Item, name: string): string | undefined {
  const value = item[name];
  return value !== undefined && 'S' in value ? value.S : undefined;
}

/** Boolean of an attribute; false when it is missing or of another type. */
export function readBool(item: Item, name: string): boolean {
  const value = item[name];
  return value !== undefined && 'BOOL' in value && value.BOOL;
}

/**
 * Integer of an attribute; undefined when it is missing or of another type.
 *
 * @throws {CorruptRecordError} the number has a fraction or an exponent
 */
export function readInt(item: Item, name: string): number | undefined {
  const value = item[name];
  return value !== undefined && 'N' in value ? parseInteger(name, value.N) : undefined;
}

/** Number of an attribute, with its fraction; undefined when it is missing or of another type. */
export function readNumber(item: Item, name: string): number | undefined {
  const value = item[name];
  return value !== undefined && 'N' in value ? Number(value.N) : undefined;
}

/** Integer of an attribute; undefined when it is missing, of another type, or not whole. */
export function readWhole(item: Item, name: string): number | undefined {
  const value = readNumber(item, name);
  return Number.isInteger(value) ? value : undefined;
}

function parseInteger(name: string, digits: string): number {
  if (!/^-?\d+$/.test(digits)) throw new CorruptRecordError(name, digits, 'must be an integer');
  return Number(digits);
}

/** A JSON value that a map attribute can hold. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

/** Wire form of a plain value. */
export function toAttribute(value: Plain): AttributeValue {
  if (value === null) return { NULL: true };
  switch (typeof value) {
    case 'string': return { S: value };
    case 'number': return { N: String(value) };
    case 'boolean': return { BOOL: value };
    default: return Array.isArray(value)
      ? { L: (value as readonly Plain[]).map(toAttribute) }
      : { M: Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toAttribute(entry)])) };
  }
}

/** Plain value of an attribute in wire form. Sets read as arrays. */
export function fromAttribute(value: AttributeValue): Plain {
  if ('S' in value) return value.S;
  if ('N' in value) return Number(value.N);
  if ('BOOL' in value) return value.BOOL;
  if ('SS' in value) return value.SS;
  if ('L' in value) return value.L.map(fromAttribute);
  if ('M' in value) return Object.fromEntries(Object.entries(value.M).map(([key, entry]) => [key, fromAttribute(entry)]));
  return null;
}
