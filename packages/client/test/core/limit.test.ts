import { ValidationError } from '@zae-limiter/client/core/errors';
import { checkLimits, formatPeriod, Limit, MAX_LIMIT_VALUE } from '@zae-limiter/client/core/limit';
import { parseLimitDeclaration, type LimitDeclaration } from '@zae-limiter/client/manifest/limit-declaration';
import { vectors } from '../../../../test/support/vectors';

type Input =
  | { readonly fn: 'parse_limit'; readonly text: string }
  | { readonly fn: 'format_period'; readonly seconds: number }
  | { readonly fn: 'per_second' | 'per_minute' | 'per_hour' | 'per_day'; readonly name: string; readonly rate: number; readonly burst: number | null }
  | { readonly fn: 'custom'; readonly name: string; readonly capacity: number; readonly refill_amount: number; readonly refill_period_seconds: number }
  | { readonly fn: 'manifest_limit'; readonly decl: LimitDeclaration };

const FACTORIES = { per_second: Limit.perSecond, per_minute: Limit.perMinute, per_hour: Limit.perHour, per_day: Limit.perDay };

function make(input: Exclude<Input, { fn: 'format_period' }>): Limit {
  switch (input.fn) {
    case 'parse_limit': return Limit.parse(input.text);
    case 'manifest_limit': return parseLimitDeclaration('x', input.decl);
    case 'custom': return Limit.custom(input.name, {
      capacity: input.capacity, refillAmount: input.refill_amount, refillPeriodSeconds: input.refill_period_seconds,
    });
    default: return FACTORIES[input.fn](input.name, input.rate, { burst: input.burst ?? undefined });
  }
}

const wire = ({ name, capacity, refillAmount, refillPeriodSeconds }: Limit) =>
  ({ name, capacity, refill_amount: refillAmount, refill_period_seconds: refillPeriodSeconds });

/** The reference's names of what it refuses, in our words. */
const FIELDS: Record<string, string> = {
  capacity: 'capacity', refill_amount: 'refillAmount', refill_period_seconds: 'refillPeriodSeconds', name: 'name',
};
const REASONS: Record<string, string> = {
  format: 'format', integer: 'not_an_integer', period: 'format', hash: 'hash', pattern: 'pattern', reserved: 'reserved', empty: 'empty',
};

const cases = vectors<Input, never>('limit_parsing');

describe('Limit', () => {
  test.each(cases.filter(({ input: { fn } }) => fn !== 'format_period' && fn !== 'manifest_limit'))(
    'is made and refused as the reference does: $title', ({ input, expected }) => {
      type Expected = { limit: object; formatted?: string } | { error: string; field?: string; reason_code?: string };
      const wanted = expected as Expected;
      const limit = () => make(input as Exclude<Input, { fn: 'format_period' }>);

      if ('error' in wanted) {
        let error: unknown;
        try { limit(); } catch (thrown) { error = thrown; }
        expect(error).toBeInstanceOf(ValidationError);
        if (wanted.field !== undefined) expect((error as ValidationError).field).toBe(FIELDS[wanted.field]);
        if (wanted.reason_code !== undefined) expect((error as ValidationError).reason).toBe(REASONS[wanted.reason_code]);
      } else {
        expect(wire(limit())).toEqual(wanted.limit);
        if (wanted.formatted !== undefined) expect(limit().toString()).toBe(wanted.formatted);
      }
    });

  test.each(cases.filter(({ input }) => input.fn === 'format_period'))('prints the largest unit that divides a period: $title', ({ input, expected }) => {
    expect(formatPeriod((input as { seconds: number }).seconds)).toBe(expected);
  });

  const manifest = cases.filter(({ input }) => input.fn === 'manifest_limit');
  test.each(manifest)('F-16: a burst in a manifest raises the capacity and not the rate: $title', ({ input, expected }) => {
    const { decl } = input as { decl: LimitDeclaration };
    type Expected = { capacity: number; refill_amount: number; refill_period: number };
    const { capacity, refill_amount: reference, refill_period: period } = expected as Expected;

    // With a burst and no refill amount the reference takes the burst as the rate too.
    const amount = decl.burst !== undefined && decl.refill_amount === undefined ? decl.capacity : reference;
    expect(wire(parseLimitDeclaration('x', decl))).toEqual({ name: 'x', capacity, refill_amount: amount, refill_period_seconds: period });
  });

  test.each([
    ['a fraction', 1.5, 'not_an_integer'], ['not a number', NaN, 'not_an_integer'], ['text', '5' as unknown as number, 'not_an_integer'],
    ['zero', 0, 'not_positive'], ['a negative number', -1, 'not_positive'], ['a number above the maximum', MAX_LIMIT_VALUE + 1, 'too_large'],
  ])('W26: rejects %s', (_, value, reason) => {
    for (const field of ['capacity', 'refillAmount', 'refillPeriodSeconds'] as const) {
      const numbers = { capacity: 1, refillAmount: 1, refillPeriodSeconds: 1, [field]: value };

      expect(() => Limit.custom('rpm', numbers)).toThrow(expect.objectContaining({ field, reason }));
    }
  });

  describe('lists', () => {
    const plain = (changes: object) => ({ name: 'rpm', capacity: 1, refillAmount: 1, refillPeriodSeconds: 1, ...changes }) as unknown as Limit;

    test('may hold limits that another copy of the package made', () => {
      expect(() => checkLimits([plain({})])).not.toThrow();
    });

    test.each([
      ['no name', { name: undefined }, 'type'], ['a reserved name', { name: 'wcu' }, 'reserved'], ['a fraction', { capacity: 1.0005 }, 'not_an_integer'],
      ['no period', { refillPeriodSeconds: 0 }, 'not_positive'],
    ])('reject an object with %s, whoever made it', (_, changes, reason) => {
      expect(() => checkLimits([plain(changes)])).toThrow(expect.objectContaining({ reason }));
    });
  });

  test('cannot be changed', () => {
    const limit = Limit.perMinute('rpm', 5);

    expect(() => { (limit as { capacity: number }).capacity = 6; }).toThrow(TypeError);
  });
});
