import type { AttributeValue as SdkAttributeValue } from '@aws-sdk/client-dynamodb';
import { int, type AttributeValue } from '../../schema/attributes.js';
import type { Change, Condition, ItemUpdate } from '../../schema/update.js';

/** The expression parts that the calls of DynamoDB share. */
export interface Expressions {
  readonly UpdateExpression?: string;
  readonly ConditionExpression?: string;
  readonly ExpressionAttributeNames?: Record<string, string>;
  readonly ExpressionAttributeValues?: Record<string, SdkAttributeValue>;
}

/**
 * Collects names and values behind numbered placeholders.
 *
 * Nothing that a user named becomes part of an expression: limit names may hold `-` and `.` (W7), and many attribute
 * names are reserved words.
 */
class Placeholders {
  private readonly byName = new Map<string, string>();
  private readonly byValue: Record<string, AttributeValue> = {};
  private values = 0;

  name(name: string): string {
    const placeholder = this.byName.get(name) ?? `#${this.byName.size}`;
    this.byName.set(name, placeholder);
    return placeholder;
  }

  value(value: AttributeValue): string {
    const placeholder = `:${this.values++}`;
    this.byValue[placeholder] = value;
    return placeholder;
  }

  attributes(): Pick<Expressions, 'ExpressionAttributeNames' | 'ExpressionAttributeValues'> {
    const names = Object.fromEntries([...this.byName].map(([name, placeholder]) => [placeholder, name]));
    return {
      ...(this.byName.size > 0 && { ExpressionAttributeNames: names }),
      ...(this.values > 0 && { ExpressionAttributeValues: this.byValue as Record<string, SdkAttributeValue> }),
    };
  }
}

/** Expressions of an update with its conditions. */
export function updateExpressions({ changes, conditions }: Pick<ItemUpdate, 'changes' | 'conditions'>): Expressions {
  const placeholders = new Placeholders();
  const clauses: Record<'SET' | 'ADD' | 'DELETE' | 'REMOVE', string[]> = { SET: [], ADD: [], DELETE: [], REMOVE: [] };
  for (const [attribute, change] of changes) {
    const [clause, text] = changeText(placeholders, placeholders.name(attribute), change);
    clauses[clause].push(text);
  }
  const UpdateExpression = Object.entries(clauses)
    .filter(([, parts]) => parts.length > 0)
    .map(([clause, parts]) => `${clause} ${parts.join(', ')}`)
    .join(' ');
  return { UpdateExpression, ...conditionText(placeholders, conditions), ...placeholders.attributes() };
}

/** Expressions of the conditions alone, for a put or a delete. */
export function conditionExpressions(conditions: readonly Condition[] = []): Expressions {
  const placeholders = new Placeholders();
  return { ...conditionText(placeholders, conditions), ...placeholders.attributes() };
}

function changeText(placeholders: Placeholders, name: string, change: Change): ['SET' | 'ADD' | 'DELETE' | 'REMOVE', string] {
  if ('set' in change) return ['SET', `${name} = ${placeholders.value(change.set)}`];
  if ('setIfAbsent' in change) return ['SET', `${name} = if_not_exists(${name}, ${placeholders.value(change.setIfAbsent)})`];
  if ('add' in change) return ['ADD', `${name} ${placeholders.value(int(change.add))}`];
  if ('addToSet' in change) return ['ADD', `${name} ${placeholders.value({ SS: [change.addToSet] })}`];
  if ('removeFromSet' in change) return ['DELETE', `${name} ${placeholders.value({ SS: [change.removeFromSet] })}`];
  return ['REMOVE', name];
}

function conditionText(placeholders: Placeholders, conditions: readonly Condition[]): Pick<Expressions, 'ConditionExpression'> {
  return conditions.length === 0 ? {} : { ConditionExpression: conditions.map((condition) => oneCondition(placeholders, condition)).join(' AND ') };
}

function oneCondition(placeholders: Placeholders, condition: Condition): string {
  if ('anyOf' in condition) return `(${condition.anyOf.map((part) => oneCondition(placeholders, part)).join(' OR ')})`;
  if ('exists' in condition) return `attribute_exists(${placeholders.name(condition.exists)})`;
  if ('absent' in condition) return `attribute_not_exists(${placeholders.name(condition.absent)})`;
  const compare = (attribute: string, operator: string, value: AttributeValue): string =>
    `${placeholders.name(attribute)} ${operator} ${placeholders.value(value)}`;
  if ('equals' in condition) return compare(condition.equals[0], '=', condition.equals[1]);
  if ('differs' in condition) return compare(condition.differs[0], '<>', condition.differs[1]);
  if ('below' in condition) return compare(condition.below[0], '<', condition.below[1]);
  if ('atLeast' in condition) return compare(condition.atLeast[0], '>=', int(condition.atLeast[1]));
  return compare(condition.atMost[0], '<=', int(condition.atMost[1]));
}
