import { App, CfnParameter, Duration, RemovalPolicy, Stack, type Environment } from 'aws-cdk-lib';
import vectors from '../spec/vectors/manifest_validation.json';
import { Limit, LimitsSource, ZaeLimiter, ZaeLimiterLimits, type IZaeLimiter, type LimitsOptions } from '../src';
import { ImportedLimiter, type ZaeLimiterAttributes } from '../src/imported-limiter';
import { errorOf, newLimiter, propertiesOf, type LimitsRule } from './support/limits';

const limits = (own: { [name: string]: Limit }): LimitsOptions => ({ resources: { 'gpt-4': { limits: own } } });
const object = (manifest: object): LimitsOptions => ({ source: LimitsSource.fromObject(manifest as { [key: string]: any }) });
const custom = (capacity: number, amount = 1, period = Duration.seconds(1)): LimitsOptions => limits({ rpm: Limit.custom(capacity, amount, period) });

const REFUSED: readonly (readonly [LimitsRule, LimitsOptions, string])[] = [
  ['LIMITS_NAMESPACE_CONFLICT', { namespaceName: 'a', limiterNamespace: { namespaceName: 'b', namespaceId: 'id' } },
    "namespaceName must not be given together with limiterNamespace, got 'a' and 'b'"],
  ['LIMITS_NAMESPACE_CONFLICT', { namespaceName: 'a', ...object({ namespace: 'b' }) }, "the namespace of source must be that of the limits, got 'b' and 'a'"],
  ['LIMITS_SOURCE_CONFLICT', { system: {}, entities: {}, ...object({}) }, 'source must not be given together with other limits, got system, entities'],
  ['REMOVAL_POLICY_INVALID', { removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE },
    "removalPolicy must be DESTROY or RETAIN, got 'retain-on-update-or-delete'"],
  ['MANIFEST_INVALID', custom(0), 'resources.gpt-4.limits.rpm.capacity: NOT_POSITIVE, must be at least 1, got 0'],
  ['MANIFEST_INVALID', custom(1.5), 'resources.gpt-4.limits.rpm.capacity: NOT_AN_INTEGER, must be a whole number, got 1.5'],
  ['MANIFEST_INVALID', custom(NaN), 'resources.gpt-4.limits.rpm.capacity: NOT_AN_INTEGER, must be a whole number, got NaN'],
  ['MANIFEST_INVALID', custom(1e12), 'resources.gpt-4.limits.rpm.capacity: TOO_LARGE, must be at most 999999999999, got 1000000000000'],
  ['MANIFEST_INVALID', custom(1, -1), 'resources.gpt-4.limits.rpm.refillAmount: NOT_POSITIVE, must be at least 1, got -1'],
  ['MANIFEST_INVALID', custom(1, 1, Duration.millis(1500)), 'resources.gpt-4.limits.rpm.refillPeriod: NOT_AN_INTEGER, must be a whole number, got 1.5'],
  ['MANIFEST_INVALID', custom(1, 1, Duration.millis(0)), 'resources.gpt-4.limits.rpm.refillPeriod: NOT_POSITIVE, must be at least 1, got 0'],
  ['MANIFEST_INVALID', limits({}), 'resources.gpt-4.limits: EMPTY_LIMITS, must hold at least one limit'],
  ['MANIFEST_INVALID', limits({ wcu: Limit.perMinute(1) }),
    "resources.gpt-4.limits.wcu: RESERVED_LIMIT_NAME, must not be 'wcu' or the name of an attribute of usage records"],
  ['MANIFEST_INVALID', limits({ '1st': Limit.perMinute(1) }),
    'resources.gpt-4.limits.1st: INVALID_LIMIT_NAME, must start with a letter and hold up to 64 letters, digits and _ . -'],
  ['MANIFEST_INVALID', { system: {} }, 'system: EMPTY_SECTION, must have limits or a policy for when the table cannot answer'],
  ['MANIFEST_INVALID', { system: { onUnavailable: 'panic' as any } },
    'system.onUnavailable: INVALID_ON_UNAVAILABLE, must be \'allow\' or \'block\', got "panic"'],
  ['MANIFEST_INVALID', { entities: { '#1': { resources: {} } } },
    'entities.#1: INVALID_ENTITY, must start with a letter or digit and hold up to 256 letters, digits and _ . - : @'],
  ['MANIFEST_INVALID', { resources: { _default_: { limits: { rpm: Limit.perMinute(1) } } } },
    'resources._default_: INVALID_RESOURCE, must start with a letter and hold up to 64 letters, digits and _ . - /, and be no name of an attribute'],
  ['MANIFEST_INVALID', { namespaceName: 'a#b' }, 'namespaceName: INVALID_NAMESPACE, must have 1 to 128 characters without \'#\', got "a#b"'],
  ['MANIFEST_INVALID', { namespaceName: '_' }, 'namespaceName: RESERVED_NAMESPACE, must not be \'_\', got "_"'],
  ['MANIFEST_INVALID', { limiterNamespace: { namespaceName: '', namespaceId: 'x' } }, 'namespaceName: REQUIRED, must be given, got ""'],
  ['MANIFEST_INVALID', object({ namespace: null }), 'namespace: REQUIRED, must be given, got null'],
  ['MANIFEST_INVALID', object({ resources: { r: {} } }), 'resources.r.limits: REQUIRED, must be given'],
  ['MANIFEST_INVALID', object({ systems: 5 }), 'systems: UNKNOWN_KEY, must not be there, it is no key of a limits manifest, got 5'],
  ['MANIFEST_INVALID', object({ resources: { 'v1.5': { limits: { 'r.pm': { capacity: '5' } } } } }),
    'resources.v1.5.limits.r.pm.capacity: NOT_AN_INTEGER, must be a whole number, got "5"'],
  ['MANIFEST_INVALID', object([]), 'the manifest: NOT_A_MAPPING, must be a mapping, got []'],
];

const nameOf = (entity: number): string => `${entity}`.padEnd(256, 'x');

describe('refused limits', () => {
  test.each(REFUSED)('fails with %s: %j', (id, options, text) => {
    expect(errorOf(() => propertiesOf(options))).toMatchObject({ name: 'ValidationError', message: `${id}: ${text} [app/Limiter/Limits/Limits]` });
  });

  test('fails when there are more entities than one record can name', () => {
    const own = { resources: { r: { limits: { rpm: Limit.perMinute(1) } } } };
    const entities = Object.fromEntries(Array.from({ length: 1500 }, (_, at) => [nameOf(at), own]));

    expect(errorOf(() => propertiesOf({ entities })).message)
      .toMatch(/^MANIFEST_INVALID: the manifest: TOO_MANY_LIMITS, must fit into one record of 380 KB/);
  });

  test('fails when the limiter has no provisioner that could apply them', () => {
    const limiter = newLimiter({ provisioner: { enabled: false } });

    const error = errorOf(() => limiter.addLimits('Limits', {}));

    expect(error.message).toBe("PROVISIONER_REQUIRED: limiter must have a provisioner whose ARN is known, got 'app' without one [app/Limiter/Limits/Limits]");
  });

  test('fails with everything that is wrong, in one error', () => {
    const limiter = newLimiter({ provisioner: { enabled: false } });

    const error = errorOf(() => limiter.addLimits('Limits', {
      namespaceName: 'a#b',
      removalPolicy: RemovalPolicy.SNAPSHOT,
      resources: { 'gpt-4': { limits: { rpm: Limit.custom(0, 1.5, Duration.seconds(1)) } }, 'gpt-5': { limits: {} } },
      entities: { 'user-1': { resources: { r: { limits: { 'a b': Limit.perMinute(1) } } } } },
    }));

    expect(error.message.split('\n').map((line) => line.split(',')[0])).toEqual([
      'MANIFEST_INVALID: resources.gpt-4.limits.rpm.capacity: NOT_POSITIVE',
      'MANIFEST_INVALID: resources.gpt-4.limits.rpm.refillAmount: NOT_AN_INTEGER',
      'MANIFEST_INVALID: resources.gpt-5.limits: EMPTY_LIMITS',
      'MANIFEST_INVALID: entities.user-1.resources.r.limits.a b: INVALID_LIMIT_NAME',
      'MANIFEST_INVALID: namespaceName: INVALID_NAMESPACE',
      'PROVISIONER_REQUIRED: limiter must have a provisioner whose ARN is known',
      'REMOVAL_POLICY_INVALID: removalPolicy must be DESTROY or RETAIN',
    ]);
  });

  test('every rule that limits have is broken by a case above or below, or in the tests of files and sources', () => {
    const rules: Record<LimitsRule, true> = {
      LIMITS_NAMESPACE_CONFLICT: true, LIMITS_DUPLICATE_NAMESPACE: true, LIMITS_SOURCE_CONFLICT: true, LIMITS_SOURCE_UNREADABLE: true,
      LIMITS_TOO_LARGE: true, MANIFEST_INVALID: true, REMOVAL_POLICY_INVALID: true,
    };
    const elsewhere = ['LIMITS_DUPLICATE_NAMESPACE', 'LIMITS_SOURCE_UNREADABLE', 'LIMITS_TOO_LARGE'];

    expect([...new Set([...REFUSED.map(([id]) => id as string), ...elsewhere])].sort()).toEqual(Object.keys(rules).sort());
  });
});

describe('a manifest', () => {
  interface Vector {
    readonly name: string;
    readonly input: { readonly manifest: any };
    readonly recommended: { readonly errors?: readonly { readonly path: string; readonly code: string }[] };
  }
  const cases = (vectors as unknown as Vector[]).filter(({ input }) => typeof input.manifest?.namespace === 'string');

  test.each(cases.map((vector) => [vector.name, vector] as const))('%s: is refused by the construct where the provisioner refuses it', (_, { input, recommended }) => {
    const expected = (recommended.errors ?? []).map(({ path, code }) => `MANIFEST_INVALID: ${path || 'the manifest'}: ${code}`);

    const found = ((): string[] => {
      try {
        propertiesOf(object(input.manifest));
        return [];
      } catch (error) {
        return (error as Error).message.split('\n').map((line) => line.split(', ')[0]!);
      }
    })();

    expect(found).toEqual(expected);
  });
});

describe('values that are known only when they are deployed', () => {
  const limiterWith = (options: (value: number, text: string) => LimitsOptions): (() => unknown) => {
    const limiter = newLimiter();
    const parameter = new CfnParameter(Stack.of(limiter), 'P', { type: 'Number' });
    return () => limiter.addLimits('Limits', options(parameter.valueAsNumber, parameter.valueAsString));
  };

  test('pass, and everything beside them is still checked', () => {
    const add = limiterWith((value) => ({
      resources: { a: { limits: { rpm: Limit.custom(value, 0, Duration.seconds(value)) } }, 9: { limits: { rpm: Limit.perMinute(value) } } },
    }));

    expect(errorOf(add).message.split('\n').map((line) => line.split(',')[0])).toEqual([
      'MANIFEST_INVALID: resources.9: INVALID_RESOURCE', 'MANIFEST_INVALID: resources.a.limits.rpm.refillAmount: NOT_POSITIVE',
    ]);
  });

  test.each<[string, (value: number, text: string) => LimitsOptions, string]>([
    ['a period in another unit than seconds', (value) => custom(1, 1, Duration.minutes(value)),
      'resources.gpt-4.limits.rpm.refillPeriod: NOT_AN_INTEGER, must be a whole number, got "<token> minutes"'],
    ['a section', (_, text) => object({ resources: text }), 'resources: NOT_A_MAPPING, must be a mapping, got "a token"'],
    ['a resource', (_, text) => object({ resources: { capacity: text } }), 'resources.capacity: NOT_A_MAPPING, must be a mapping, got 1'],
  ])('are no %s', (_, options, message) => {
    expect(errorOf(limiterWith(options)).message).toBe(`MANIFEST_INVALID: ${message} [app/Limiter/Limits/Limits]`);
  });
});

describe('limits that are declared twice', () => {
  const ENV: Environment = { account: '123456789012', region: 'eu-west-1' };
  const app = new App();
  let count = 0;
  const newStack = (env?: Environment): Stack => new Stack(app, `stack-${count++}`, { env });
  const named = (stack: Stack, limiterName: string): IZaeLimiter => new ZaeLimiter(stack, `Limiter${count++}`, { limiterName });
  const imported = (stack: Stack, table: Pick<ZaeLimiterAttributes, 'tableArn' | 'tableName'>): IZaeLimiter =>
    new ImportedLimiter(stack, `Imported${count++}`, { ...table, provisionerFunctionArn: 'arn:aws:lambda:eu-west-1:123456789012:function:provisioner' });
  const declare = (limiter: IZaeLimiter, scope: Stack, options: LimitsOptions = {}): ZaeLimiterLimits =>
    new ZaeLimiterLimits(scope, `Limits${count++}`, { limiter, ...options });

  test('fail for one limiter, in whichever stacks of the app they are', () => {
    const limiter = named(newStack(), 'one');
    const first = declare(limiter, newStack());

    const error = errorOf(() => declare(limiter, newStack()));

    expect(error.message).toContain(`LIMITS_DUPLICATE_NAMESPACE: the limits of a namespace must be declared once, got 'default' of 'one' here and in ${first.node.path} [`);
  });

  test.each<[string, () => readonly [IZaeLimiter, IZaeLimiter]]>([
    ['one name in one account and region', () => [named(newStack(ENV), 'same'), named(newStack(ENV), 'same')]],
    ['one ARN', () => {
      const tableArn = 'arn:aws:dynamodb:eu-west-1:210987654321:table/by-arn';
      return [imported(newStack(), { tableArn }), imported(newStack(ENV), { tableArn })];
    }],
    ['an ARN, and its name in its account and region', () =>
      [imported(newStack(), { tableArn: 'arn:aws:dynamodb:eu-west-1:123456789012:table/both' }), named(newStack(ENV), 'both')]],
    ['one name that is imported twice into a stack whose account is not known', () => {
      const stack = newStack();
      return [imported(stack, { tableName: 'twice' }), imported(stack, { tableName: 'twice' })];
    }],
  ])('fail for two limiters with %s', (_, limitersOf) => {
    const [first, second] = limitersOf();
    declare(first, Stack.of(first));

    expect(errorOf(() => declare(second, Stack.of(second))).message).toContain('LIMITS_DUPLICATE_NAMESPACE');
  });

  test.each<[string, () => readonly [IZaeLimiter, IZaeLimiter]]>([
    ['two names', () => [named(newStack(ENV), 'ok-2'), named(newStack(ENV), 'ok-3')]],
    ['one name in two regions', () => [named(newStack(ENV), 'ok-4'), named(newStack({ ...ENV, region: 'eu-central-1' }), 'ok-4')]],
    ['one name in two accounts', () => [named(newStack(ENV), 'ok-5'), named(newStack({ ...ENV, account: '210987654321' }), 'ok-5')]],
    ['one name in two stacks whose accounts are not known', () => [named(newStack(), 'ok-6'), named(newStack(), 'ok-6')]],
  ])('are accepted for %s', (_, limitersOf) => {
    const [first, second] = limitersOf();
    declare(first, Stack.of(first));

    expect(declare(second, Stack.of(second)).namespaceName).toBe('default');
  });

  test('are accepted for two namespaces of one limiter', () => {
    const limiter = named(newStack(), 'ok-1');
    declare(limiter, Stack.of(limiter));

    expect(declare(limiter, Stack.of(limiter), { namespaceName: 'other' }).namespaceName).toBe('other');
  });
});
