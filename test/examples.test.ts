import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { App, Stack } from 'aws-cdk-lib';

const ROOT = join(__dirname, '..', 'examples');

/** Types of each stack's resources, and how many there are of those that matter. */
function typesOf(app: App): Record<string, Record<string, number>> {
  return Object.fromEntries(app.synth().stacksRecursively.map(({ stackName, template }) => {
    const counts: Record<string, number> = {};
    for (const { Type } of Object.values((template.Resources ?? {}) as Record<string, { Type: string }>)) counts[Type] = (counts[Type] ?? 0) + 1;
    return [stackName, counts];
  }));
}

const errorsOf = (app: App): string[] => app.synth().stacksRecursively.flatMap(({ messages }) => messages)
  .filter(({ level }) => level === 'error').map(({ entry }) => String(entry.data));

type Check = (stacks: Record<string, Record<string, number>>) => void;

const EXAMPLES: readonly (readonly [string, Check])[] = [
  ['production', (stacks) => {
    expect(stacks['prod-limiter']).toMatchObject({
      'AWS::DynamoDB::Table': 1, 'AWS::Backup::BackupPlan': 1, 'AWS::Budgets::Budget': 1, 'AWS::CloudWatch::Dashboard': 1, 'AWS::Lambda::Function': 3,
    });
    expect(stacks['prod-limiter-foundation']).toMatchObject({ 'AWS::KMS::Key': 1, 'AWS::SNS::Topic': 1 });
  }],
  ['restricted-iam', (stacks) => {
    expect(Object.keys(stacks['handed-limiter']!).filter((type) => type.startsWith('AWS::IAM::'))).toEqual([]);
    expect(stacks['handed-limiter']).toMatchObject({ 'AWS::Lambda::Function': 2 });
    expect(stacks['handed-limiter-roles']).toEqual(expect.objectContaining({ 'AWS::IAM::ManagedPolicy': 2, 'AWS::IAM::Role': 2 }));
    expect(stacks['bounded-limiter']).toMatchObject({ 'AWS::IAM::Role': 2 });
  }],
  ['multi-tenant', (stacks) => {
    expect(stacks['shared-limiter']).toMatchObject({ 'Custom::ZaeLimiterNamespace': 2, 'Custom::ZaeLimiterLimits': 2 });
  }],
  ['multi-region', (stacks) => {
    for (const region of ['us-east-1', 'eu-west-1']) expect(stacks[`limiter-${region}`]).toMatchObject({ 'AWS::DynamoDB::Table': 1, 'Custom::ZaeLimiterLimits': 1 });
  }],
  ['multi-env', (stacks) => {
    expect(Object.keys(stacks).sort()).toEqual(['dev-limits', 'prod-limits', 'staging-limits']);
    expect(stacks['prod-limits']).toHaveProperty(['AWS::Backup::BackupPlan']);
    expect(stacks['dev-limits']).not.toHaveProperty(['AWS::Backup::BackupPlan']);
  }],
  ['declarative-limits', (stacks) => {
    expect(stacks['my-app']).toMatchObject({ 'AWS::DynamoDB::Table': 1, 'Custom::ZaeLimiterLimits': 1 });
    expect(stacks['my-app-limits']).toMatchObject({ 'Custom::ZaeLimiterLimits': 1 });
    expect(stacks['my-app-limits']).not.toHaveProperty(['AWS::DynamoDB::Table']);
  }],
];

test.each(EXAMPLES)('the example %s is synthesised, and deploys what it is about', async (name, check) => {
  const { app } = await import(join(ROOT, name, 'app.ts')) as { app: App };

  expect(errorsOf(app)).toEqual([]);
  check(typesOf(app));
});

test('the roles of the example restricted-iam are there before the limiter that uses them', async () => {
  const { app } = await import(join(ROOT, 'restricted-iam', 'app.ts')) as { app: App };
  const stack = (name: string) => app.node.findChild(name) as Stack;

  expect(stack('handed-limiter').dependencies.map(({ stackName }) => stackName)).toEqual(['handed-limiter-roles']);
  expect(stack('handed-limiter-roles').dependencies).toEqual([]);
});

test('every example is synthesised here or by the demo, and says how to do it', () => {
  const folders = readdirSync(ROOT);

  expect(folders.sort()).toEqual([...EXAMPLES.map(([name]) => name), 'demo', 'minimal'].sort());
  for (const name of folders.filter((folder) => folder !== 'demo')) {
    expect(readFileSync(join(ROOT, name, 'README.md'), 'utf8')).toContain(`examples/${name}/app.ts`);
  }
});
