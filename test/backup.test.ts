import { App, Duration, Lazy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { BackupVault } from 'aws-cdk-lib/aws-backup';
import { AttributeType, Table, TableEncryption } from 'aws-cdk-lib/aws-dynamodb';
import { Schedule } from 'aws-cdk-lib/aws-events';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { ResourceNaming, ZaeLimiter, type BackupOptions } from '../src';
import { Backup } from '../src/backup';
import { Names } from '../src/private/names';

const PLAN = 'AWS::Backup::BackupPlan';
const VAULT = 'AWS::Backup::BackupVault';
const { days } = Duration;

function synth(options: (stack: Stack) => BackupOptions = () => ({})) {
  const stack = new Stack(new App(), 'app');
  const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', backup: options(stack) });
  return { limiter, template: Template.fromStack(stack) };
}

const rulesOf = (template: Template) => Object.values(template.findResources(PLAN))[0]!.Properties.BackupPlan.BackupPlanRule as
  { RuleName: string; ScheduleExpression: string; Lifecycle: object; CopyActions?: object[] }[];
const roleOf = (template: Template) =>
  Object.values(template.findResources('AWS::IAM::Role', { Properties: { AssumeRolePolicyDocument: { Statement: [{ Principal: { Service: 'backup.amazonaws.com' } }] } } }));
const statementsOf = (template: Template) => roleOf(template)[0]!.Properties.Policies[0].PolicyDocument.Statement as
  { Sid: string; Action: string | string[]; Resource: unknown; Condition?: object }[];

const elsewhere = (stack: Stack) => BackupVault.fromBackupVaultArn(stack, 'Elsewhere', 'arn:aws:backup:eu-west-1:123456789012:backup-vault:far');

test('there are no backups unless they are asked for', () => {
  const stack = new Stack(new App(), 'app');
  const limiter = new ZaeLimiter(stack, 'Limiter');

  Template.fromStack(stack).resourceCountIs(PLAN, 0);
  expect([limiter.backupPlan, limiter.backupVault, limiter.backupRole]).toEqual([undefined, undefined, undefined]);
});

describe('the plan', () => {
  test('backs up the table every day at five, keeps it for 35 days, and outlives the stack with its vault', () => {
    const { template, limiter } = synth();

    const [vault] = Object.keys(template.findResources(VAULT));
    template.hasResourceProperties(PLAN, { BackupPlan: { BackupPlanName: 'prod' } });
    expect(rulesOf(template)).toEqual([{
      RuleName: 'Backup', ScheduleExpression: 'cron(0 5 * * ? *)', Lifecycle: { DeleteAfterDays: 35 },
      TargetBackupVault: { 'Fn::GetAtt': [vault, 'BackupVaultName'] },
    }]);
    template.hasResource(VAULT, { DeletionPolicy: 'Retain', UpdateReplacePolicy: 'Retain' });
    const table = { 'Fn::GetAtt': [Object.keys(template.findResources('AWS::DynamoDB::Table'))[0], 'Arn'] };
    template.hasResourceProperties('AWS::Backup::BackupSelection', { BackupSelection: { Resources: [table] } });
    expect([limiter.backupPlan, limiter.backupVault, limiter.backupRole]).not.toContain(undefined);
  });

  test.each<[string, (stack: Stack) => BackupOptions, object[]]>([
    ['another schedule', () => ({ schedule: Schedule.cron({ hour: '3', minute: '30', weekDay: 'SUN' }) }), [{ ScheduleExpression: 'cron(30 3 ? * SUN *)' }]],
    ['another retention', () => ({ deleteAfter: days(7) }), [{ Lifecycle: { DeleteAfterDays: 7 } }]],
    ['cold storage', () => ({ moveToColdStorageAfter: days(30), deleteAfter: days(120) }), [{ Lifecycle: { MoveToColdStorageAfterDays: 30, DeleteAfterDays: 120 } }]],
    ['copies, kept as long as the backup', (stack) => ({ deleteAfter: days(7), copyTo: { vault: elsewhere(stack) } }), [{
      Lifecycle: { DeleteAfterDays: 7 },
      CopyActions: [{ DestinationBackupVaultArn: expect.stringContaining('vault:far'), Lifecycle: { DeleteAfterDays: 7 } }],
    }]],
    ['copies with a life of their own', (stack) => ({ copyTo: { vault: elsewhere(stack), deleteAfter: days(365), moveToColdStorageAfter: days(9) } }), [{
      Lifecycle: { DeleteAfterDays: 35 }, CopyActions: [{ Lifecycle: { DeleteAfterDays: 365, MoveToColdStorageAfterDays: 9 } }],
    }]],
    ['copies on a schedule of their own',
      (stack) => ({ deleteAfter: days(7), copyTo: { vault: elsewhere(stack), schedule: Schedule.cron({ hour: '5', minute: '0', weekDay: 'SAT' }), deleteAfter: days(90) } }),
      [
        { RuleName: 'Backup', ScheduleExpression: 'cron(0 5 * * ? *)', Lifecycle: { DeleteAfterDays: 7 } },
        { RuleName: 'Copy', ScheduleExpression: 'cron(0 5 ? * SAT *)', Lifecycle: { DeleteAfterDays: 7 }, CopyActions: [{ Lifecycle: { DeleteAfterDays: 90 } }] },
      ]],
  ])('takes %s', (_, options, expected) => {
    const rules = rulesOf(synth(options).template);

    expect(rules).toMatchObject(expected);
    expect(rules).toHaveLength(expected.length);
  });

  test('takes ages that are known only when they are deployed', () => {
    const lazy = (value: number) => days(Lazy.number({ produce: () => value }));

    const { template } = synth((stack) => ({
      moveToColdStorageAfter: lazy(7), deleteAfter: lazy(8), copyTo: { vault: elsewhere(stack), deleteAfter: lazy(9) },
    }));

    expect(rulesOf(template)).toMatchObject([{
      Lifecycle: { MoveToColdStorageAfterDays: 7, DeleteAfterDays: 8 }, CopyActions: [{ Lifecycle: { DeleteAfterDays: 9 } }],
    }]);
  });

  test('keeps backups in a vault that is given, and makes none', () => {
    const { template } = synth((stack) => ({ vault: BackupVault.fromBackupVaultName(stack, 'Given', 'mine') }));

    template.resourceCountIs(VAULT, 0);
    expect(rulesOf(template)).toMatchObject([{ TargetBackupVault: 'mine' }]);
  });
});

describe('its role', () => {
  const tableArn = (template: Template) => ({ 'Fn::GetAtt': [Object.keys(template.findResources('AWS::DynamoDB::Table'))[0], 'Arn'] });

  test('may back up this table and nothing else, and restore nothing', () => {
    const { template } = synth();

    const [role] = roleOf(template);
    expect(role!.Properties).toMatchObject({ RoleName: 'prod-backup' });
    expect(role!.Properties.ManagedPolicyArns).toBeUndefined();
    const arn = tableArn(template);
    expect(statementsOf(template)).toEqual([
      { Sid: 'BackUpTable', Effect: 'Allow', Resource: arn, Action: ['dynamodb:DescribeTable', 'dynamodb:CreateBackup', 'dynamodb:StartAwsBackupJob', 'dynamodb:ListTagsOfResource'] },
      { Sid: 'ManageBackups', Effect: 'Allow', Resource: { 'Fn::Join': ['', [arn, '/backup/*']] }, Action: ['dynamodb:DescribeBackup', 'dynamodb:DeleteBackup'] },
      {
        Sid: 'TagRecoveryPoints', Effect: 'Allow', Action: 'backup:TagResource',
        Resource: { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':backup:*:', { Ref: 'AWS::AccountId' }, ':recovery-point:*']] },
      },
    ]);
  });

  test('may copy to the other vault when there is one', () => {
    const statements = statementsOf(synth((stack) => ({ copyTo: { vault: elsewhere(stack) } })).template);

    expect(statements).toContainEqual(expect.objectContaining({
      Action: ['backup:CopyIntoBackupVault', 'backup:DescribeBackupVault'], Resource: 'arn:aws:backup:eu-west-1:123456789012:backup-vault:far',
    }));
    expect(statements).toContainEqual(expect.objectContaining({ Action: 'backup:CopyFromBackupVault', Resource: '*' }));
  });

  test('may use the keys of the vault and of the table', () => {
    const stack = new Stack(new App(), 'app');
    const [tableKey, encryptionKey] = [new Key(stack, 'TableKey'), new Key(stack, 'VaultKey')];
    const table = new Table(stack, 'Table', {
      partitionKey: { name: 'PK', type: AttributeType.STRING }, encryption: TableEncryption.CUSTOMER_MANAGED, encryptionKey: tableKey,
    });
    new Backup(stack, 'Backup', { limiterName: 'prod', names: new Names('prod', ResourceNaming.GENERATED, {}), table, options: { encryptionKey } });

    const template = Template.fromStack(stack);
    const keys = [tableKey, encryptionKey].map((key) => stack.resolve(key.keyArn));
    expect(statementsOf(template)).toEqual(expect.arrayContaining([
      expect.objectContaining({ Action: ['kms:Decrypt', 'kms:DescribeKey', 'kms:GenerateDataKey'], Resource: keys }),
      expect.objectContaining({ Action: 'kms:CreateGrant', Resource: keys, Condition: { Bool: { 'kms:GrantIsForAWSResource': 'true' } } }),
    ]));
    template.hasResourceProperties(VAULT, { EncryptionKeyArn: keys[1] });
    expect(roleOf(template)[0]!.Properties.RoleName).toBeUndefined();
  });

  test.each([
    ['of this app', (stack: Stack) => new Role(stack, 'Mine', { assumedBy: new ServicePrincipal('backup.amazonaws.com') })],
    ['of elsewhere', (stack: Stack) => Role.fromRoleArn(stack, 'Given', 'arn:aws:iam::123456789012:role/given')],
  ])('may be one %s, to which nothing is added', (where, roleIn) => {
    const stack = new Stack(new App(), 'app');
    const role = roleIn(stack);
    const table = new Table(stack, 'Table', { partitionKey: { name: 'PK', type: AttributeType.STRING } });
    new Backup(stack, 'Backup', { limiterName: 'prod', names: new Names('prod', ResourceNaming.GENERATED, {}), table, options: { role } });

    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Backup::BackupSelection', { BackupSelection: { IamRoleArn: stack.resolve(role.roleArn) } });
    template.resourceCountIs('AWS::IAM::Policy', 0);
    template.resourceCountIs('AWS::IAM::Role', where === 'of this app' ? 1 : 0);
    if (where === 'of this app') template.hasResourceProperties('AWS::IAM::Role', { ManagedPolicyArns: Match.absent(), Policies: Match.absent() });
  });
});
