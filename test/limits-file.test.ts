import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { ManagedPolicy, Role, ServicePrincipal, type IRole } from 'aws-cdk-lib/aws-iam';
import { Limit, LimitsSource, ZaeLimiter, type LimitsOptions } from '../src';
import { errorOf, LIMITS, onlyOf } from './support/limits';

const UNREADABLE = '@zae-limiter/cdk:manifestUnreadable';

const entities = (count: number, capacity = 1): LimitsOptions => ({
  entities: Object.fromEntries(Array.from({ length: count }, (_, at) => [`user-${at}`, { resources: { 'gpt-4': { limits: { rpm: Limit.perMinute(capacity) } } } }])),
});

interface Synthesised {
  readonly template: Template;
  readonly stack: Stack;
  readonly properties: any;
  /** Files of the cloud assembly beside those of every app. */
  readonly files: readonly string[];
  read(file: string): string;
}

interface Circumstances {
  readonly context?: Record<string, unknown>;
  /** The role of the provisioner. */
  readonly role?: (stack: Stack) => IRole;
  readonly unknownRole?: boolean;
}

const folders: string[] = [];
afterEach(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true })));

/** Synthesises limits into a folder of their own. */
function synth(options: LimitsOptions, { context, role, unknownRole }: Circumstances = {}): Synthesised {
  const outdir = mkdtempSync(join(tmpdir(), 'zae-limiter-synth-'));
  folders.push(outdir);
  const stack = new Stack(new App({ outdir, context }), 'app');
  const limiter = new ZaeLimiter(stack, 'Limiter');
  if (role || unknownRole) Object.defineProperty(limiter, 'provisionerRole', { value: role?.(stack) });
  limiter.addLimits('Limits', options);
  const template = Template.fromStack(stack);
  return {
    template, stack, properties: onlyOf(template, LIMITS).Properties,
    files: readdirSync(outdir).filter((name) => name.endsWith('.json') && !/^(app|manifest|tree)\b/.test(name)),
    read: (file) => readFileSync(join(outdir, file), 'utf8'),
  };
}

const readStatement = (location: { Key: string }) => ({
  Effect: 'Allow',
  Action: 's3:GetObject',
  Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':s3:::', { 'Fn::Sub': 'cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}' }, `/${location.Key}`]] },
});

describe('F-48: limits of more than 48 KB', () => {
  test('are a file among the assets, known by its hash, and nothing else is left behind', () => {
    const { properties, files, read } = synth(entities(1000));

    const { ManifestLocation, Entities } = properties;
    expect(Entities).toBeUndefined();
    expect(files).toEqual([`asset.${ManifestLocation.Key}`]);
    expect(ManifestLocation).toEqual({
      Bucket: { 'Fn::Sub': 'cdk-hnb659fds-assets-${AWS::AccountId}-${AWS::Region}' },
      Key: expect.stringMatching(/^[0-9a-f]{64}\.json$/),
      Sha256: createHash('sha256').update(read(files[0]!)).digest('hex'),
    });
    expect(Object.keys(JSON.parse(read(files[0]!)).entities)).toHaveLength(1000);
  });

  test('are the same file each time, and another one when a number is another', () => {
    const [first, second, other] = [entities(1000), entities(1000), entities(1000, 2)].map((options) => synth(options).properties.ManifestLocation);

    expect(second).toEqual(first);
    expect(other.Key).not.toBe(first.Key);
  });

  test('are the same file when a source writes them in another way', () => {
    const own = (numbers: object) => Object.fromEntries(Array.from({ length: 1000 }, (_, at) => [`user-${at}`, { resources: { 'gpt-4': { limits: { rpm: numbers } } } }]));
    const manifests = [{ entities: own({ capacity: 1 }) }, { $schema: 'x', resources: null, entities: own({ refill_period: 60, refill_amount: 1, capacity: 1 }), namespace: 'default' }];

    const [first, second] = manifests.map((manifest) => synth({ source: LimitsSource.fromObject(manifest) }).properties.ManifestLocation);

    expect(second).toEqual(first);
  });

  test.each([[48 * 1024, true], [48 * 1024 + 1, false]])('begin there: %d bytes are part of the template: %s', (bytes, isInline) => {
    const property = (names: readonly string[]) => Object.fromEntries(names.map((name) =>
      [name, { Resources: { r: { Limits: { rpm: { Capacity: '1', RefillAmount: '1', RefillPeriod: '60' } } } } }]));
    const sizeOf = (names: readonly string[]): number => Buffer.byteLength(JSON.stringify({ Entities: property(names) }));
    const names = Array.from({ length: 250 }, (_, at) => `user-${at}`.padEnd(80, 'x'));
    while (sizeOf([...names, 'last']) < bytes - 250) names.push(`user-${names.length}`.padEnd(80, 'x'));
    names.push('last'.padEnd(4 + bytes - sizeOf([...names, 'last']), 'x'));

    const { properties } = synth({
      entities: Object.fromEntries(names.map((name) => [name, { resources: { r: { limits: { rpm: Limit.perMinute(1) } } } }])),
    });

    expect(sizeOf(names)).toBe(bytes);
    expect(properties.Entities).toEqual(isInline ? property(names) : undefined);
  });

  test('are a file that stays where it is when assets are not staged', () => {
    const { files, read } = synth(entities(1000), { context: { 'aws:cdk:disable-asset-staging': true } });

    expect(files).toEqual([expect.stringMatching(/^limits\.[0-9a-f]{64}\.json$/)]);
    expect(JSON.parse(read(files[0]!)).namespace).toBe('default');
  });

  test('fail when they hold a value that is known only when it is deployed', () => {
    const stack = new Stack(new App(), 'app');
    const limiter = new ZaeLimiter(stack, 'Limiter');
    const { valueAsNumber } = new CfnParameter(stack, 'P', { type: 'Number' });

    const rpm = Limit.custom(valueAsNumber, 1, Duration.seconds(1));
    const error = errorOf(() => limiter.addLimits('Limits', { ...entities(1000), system: { limits: { rpm } } }));

    expect(error.name).toBe('ValidationError');
    expect(error.message).toMatch(/^LIMITS_TOO_LARGE: limits must not hold tokens when they are deployed as a file, .* above 49152 bytes /);
    expect(error.message).toMatch(/, got \d{6} bytes \[app\/Limiter\/Limits\/Limits\]$/);
  });
});

test.each(['Ref', 'Fn::GetAtt'])('limits of an entity called %s are a file, because CloudFormation would take the name for a function', (name) => {
  const { properties, files, read } = synth({ entities: { [name]: { resources: { r: { limits: { rpm: Limit.perMinute(1) } } } } } });

  expect(properties.Entities).toBeUndefined();
  expect(Object.keys(JSON.parse(read(files[0]!)).entities)).toEqual([name]);
});

describe('the role of the provisioner', () => {
  test('may read that file and no other, before the limits are applied', () => {
    const { template, properties } = synth(entities(1000));

    const [[id, policy]] = Object.entries(template.findResources('AWS::IAM::Policy', {
      Properties: { PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: 's3:GetObject' })]) } },
    })) as [[string, any]];
    expect(policy.Properties.PolicyDocument.Statement.filter(({ Action }: { Action: unknown }) => JSON.stringify(Action).includes('s3:')))
      .toEqual([readStatement(properties.ManifestLocation)]);
    expect(onlyOf(template, LIMITS).DependsOn).toContain(id);
  });

  test('may read nothing for limits that are part of the template', () => {
    expect(JSON.stringify(synth(entities(1)).template.toJSON())).not.toContain('s3:GetObject');
  });

  test('gets a policy when it is imported, and may be changed', () => {
    const { template, stack, properties } = synth(entities(1000), { role: (scope) => Role.fromRoleName(scope, 'Role', 'my-role') });

    template.hasResourceProperties('AWS::IAM::Policy', { Roles: ['my-role'], PolicyDocument: { Statement: [readStatement(properties.ManifestLocation)] } });
    Annotations.fromStack(stack).hasNoWarning('*', Match.stringLikeRegexp(UNREADABLE));
  });

  test('is left alone when it is one of yours, and its policy document says what it has to allow', () => {
    const stack = new Stack(new App(), 'app');
    const limiter = new ZaeLimiter(stack, 'Limiter', {
      iam: { createResources: false, provisionerRole: Role.fromRoleName(stack, 'Role', 'of-security') },
    });

    limiter.addLimits('Limits', entities(1000));

    const { ManifestLocation } = onlyOf(Template.fromStack(stack), LIMITS).Properties;
    expect(stack.resolve(limiter.provisionerPolicyDocument).Statement).toContainEqual(readStatement(ManifestLocation));
    expect(Object.values(Template.fromStack(stack).toJSON().Resources).filter((resource: any) => resource.Type.startsWith('AWS::IAM::'))).toEqual([]);
    Annotations.fromStack(stack).hasWarning('*', Match.stringLikeRegexp(UNREADABLE));
  });

  test.each<[string, Circumstances]>([
    ['is not known', { unknownRole: true }],
    ['is imported and must not be changed', { role: (stack) => Role.fromRoleName(stack, 'Role', 'my-role', { mutable: false }) }],
    ['is another one of the app that must not be changed', {
      role: (stack) => new Role(stack, 'Role', {
        assumedBy: new ServicePrincipal('lambda.amazonaws.com'), managedPolicies: [ManagedPolicy.fromAwsManagedPolicyName('X')],
      }).withoutPolicyUpdates(),
    }],
  ])('cannot be allowed to read it when it %s, which is a warning', (_, how) => {
    const { template, stack, properties } = synth(entities(1000), how);

    const file = properties.ManifestLocation.Key;
    Annotations.fromStack(stack).hasWarning('*', `the limits are deployed as a file, and the role of the provisioner is not known or cannot be changed here: \
allow it s3:GetObject on the file assets of this stack, of which it reads ${file} [ack: ${UNREADABLE}]`);
    expect(JSON.stringify(template.toJSON())).not.toContain('"s3:GetObject"');
    expect(existsSync(file)).toBe(false);
  });
});
