import { App, Aspects, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import { version } from '../package.json';
import { OutputMode, Profile, ZaeLimiter, ZaeLimiterStack, type ZaeLimiterProps } from '../src';

type Outputs = Record<string, { Value: unknown; Export?: { Name: string } }>;

function outputsOf(props: (stack: Stack) => ZaeLimiterProps): Outputs {
  const stack = new Stack(new App(), 'app');
  new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', ...props(stack) });
  return Template.fromStack(stack).findOutputs('*') as Outputs;
}

const ALWAYS = { TableName: 'TableName', TableArn: 'TableArn', StreamArn: 'StreamArn' };
const AGGREGATOR = {
  AggregatorFunctionArn: 'AggregatorArn', AggregatorFunctionName: 'AggregatorName', AggregatorDLQUrl: 'DLQUrl', AggregatorDLQArn: 'DLQArn',
};
const ARCHIVE = { AuditArchiveBucketName: 'AuditArchiveBucketName', AuditArchiveBucketArn: 'AuditArchiveBucketArn' };
const PROVISIONER = { ProvisionerFunctionArn: 'ProvisionerArn', ProvisionerFunctionName: 'ProvisionerName' };
const TABLE_ALARMS = { DynamoDBReadThrottleAlarmName: 'ReadThrottleAlarmName', DynamoDBWriteThrottleAlarmName: 'WriteThrottleAlarmName' };
const ALARMS = {
  AggregatorDLQAlarmName: 'DLQAlarmName', LambdaErrorRateAlarmName: 'LambdaErrorRateAlarmName', LambdaDurationAlarmName: 'LambdaDurationAlarmName',
  StreamIteratorAgeAlarmName: 'StreamIteratorAgeAlarmName',
};
const same = (...keys: string[]): Record<string, string> => Object.fromEntries(keys.map((key) => [key, key]));
const POLICIES = same('AcquireOnlyPolicyArn', 'FullAccessPolicyArn', 'ReadOnlyPolicyArn');
const NAMESPACE_POLICIES = same('NamespaceAcquirePolicyArn', 'NamespaceFullAccessPolicyArn', 'NamespaceReadOnlyPolicyArn');
const ROLES = same('AppRoleArn', 'AppRoleName', 'AdminRoleArn', 'AdminRoleName', 'ReadOnlyRoleArn', 'ReadOnlyRoleName');
const disabled = { enabled: false };

const DEFAULTS = { ...ALWAYS, ...AGGREGATOR, ...ARCHIVE, ...PROVISIONER, ...TABLE_ALARMS, ...ALARMS, ...POLICIES, ...NAMESPACE_POLICIES };

describe('exports', () => {
  test.each<[string, (stack: Stack) => ZaeLimiterProps, Record<string, string>]>([
    ['defaults', () => ({}), DEFAULTS],
    ['roles, a boundary and a format of names', (stack) => ({
      iam: { createRoles: true, roleNameFormat: 'svc-{}', permissionsBoundary: ManagedPolicy.fromManagedPolicyName(stack, 'Boundary', 'boundary') },
    }), { ...DEFAULTS, ...ROLES, PermissionBoundaryArn: 'PermissionBoundaryArn', RoleNameFormat: 'RoleNameFormat' }],
    ['no alarms', () => ({ alarms: disabled }), { ...ALWAYS, ...AGGREGATOR, ...ARCHIVE, ...PROVISIONER, ...POLICIES, ...NAMESPACE_POLICIES }],
    ['no functions', () => ({ aggregator: disabled, provisioner: disabled }), { ...ALWAYS, ...TABLE_ALARMS, ...POLICIES, ...NAMESPACE_POLICIES }],
    ['no IAM', () => ({ iam: { createResources: false } }), { ...ALWAYS, ...TABLE_ALARMS }],
  ])('F-22: with %s are these, none of them empty', (_, props, expected) => {
    const outputs = outputsOf((stack) => ({ ...props(stack), outputs: OutputMode.EXPORTS }));

    const names = Object.values(outputs).map(({ Export }) => Export!.Name).sort();
    expect(names).toEqual(Object.values(expected).map((suffix) => `prod-${suffix}`).sort());
    expect(Object.values(outputs).filter(({ Value }) => Value === '')).toEqual([]);
  });
});

describe('outputs', () => {
  test('F-32: are there by default and exported only when asked for', () => {
    const outputs = Object.values(outputsOf(() => ({})));

    expect(outputs).toHaveLength(Object.keys(DEFAULTS).length);
    expect(outputs.filter(({ Export }) => Export !== undefined)).toEqual([]);
  });

  test('can be left out', () => {
    expect(outputsOf(() => ({ outputs: OutputMode.NONE }))).toEqual({});
  });
});

describe('a stack of one limiter', () => {
  test('has outputs whose keys the status command of the Python library knows', () => {
    const stack = new ZaeLimiterStack(new App(), 'prod', { limiter: { iam: { createRoles: true } } });

    const outputs = Template.fromStack(stack).findOutputs('*') as Outputs;
    expect(Object.keys(outputs).sort()).toEqual(Object.keys({ ...DEFAULTS, ...ROLES }).sort());
    expect(outputs.ProvisionerFunctionArn!.Export).toEqual({ Name: 'prod-ProvisionerArn' });
  });

  test.each([
    ['its id', 'prod', {}, 'prod'],
    ['the name of its limiter', 'anything', { limiter: { limiterName: 'prod' } }, 'prod'],
    ['its own setting', 'anything', { stackName: 'limits', limiter: { limiterName: 'prod' } }, 'limits'],
  ])('is named by %s', (_, id, props, name) => {
    expect(new ZaeLimiterStack(new App(), id, props).stackName).toBe(name);
  });

  test.each([
    ['not by default', {}, false],
    ['when the table is', { limiter: { deletionProtection: true } }, true],
    ['when the profile says so of the table', { limiter: { profile: Profile.production() } }, true],
    ['not when it is told otherwise', { terminationProtection: false, limiter: { deletionProtection: true } }, false],
  ])('is protected against deletion %s', (_, props, expected) => {
    expect(new ZaeLimiterStack(new App(), 'prod', props).terminationProtection).toBe(expected);
  });
});

describe('tags', () => {
  const DISCOVERY = {
    'ManagedBy': 'zae-limiter', 'zae-limiter:name': 'prod', 'zae-limiter:type': 'limiter', 'zae-limiter:version': version,
    'zae-limiter:lambda-version': version, 'zae-limiter:schema-version': '0.10.0',
  };
  const stackTags = (app: App, name: string) => app.synth().getStackByName(name).tags;
  const tagsOf = (stack: Stack, type: string) => Object.values(Template.fromStack(stack).findResources(type))
    .map(({ Properties }) => Object.fromEntries((Properties.Tags as { Key: string; Value: string }[]).map(({ Key, Value }) => [Key, Value])));

  const limiterIn = (props: ZaeLimiterProps, ...more: string[]) => {
    const app = new App();
    const stack = new Stack(app, 'app');
    for (const limiterName of ['prod', ...more]) new ZaeLimiter(stack, limiterName, { limiterName, ...props });
    return { app, stack };
  };

  test('of a stack tell that it holds a limiter', () => {
    const { app } = limiterIn({});

    expect(stackTags(app, 'app')).toEqual(DISCOVERY);
  });

  test('of a stack of one limiter are the same, with those of the user', () => {
    const app = new App();
    new ZaeLimiterStack(app, 'prod', { limiter: { tags: { team: 'platform' } } });

    expect(stackTags(app, 'prod')).toEqual({ ...DISCOVERY, team: 'platform' });
  });

  test.each<[string, ZaeLimiterProps, string[]]>([
    ['switched off', { discoveryTags: false }, []],
    ['of no use, because there are two limiters', {}, ['test']],
  ])('of a stack are left out when %s', (_, props, more) => {
    const { app } = limiterIn(props, ...more);

    expect(stackTags(app, 'app')).toEqual({});
  });

  test('of the table tell of the limiter either way', () => {
    const { ManagedBy: _, ...own } = DISCOVERY;
    const { stack } = limiterIn({ discoveryTags: false, tags: { team: 'platform' } });

    expect(tagsOf(stack, 'AWS::DynamoDB::Table')).toEqual([{ ...own, team: 'platform', Application: 'zae-limiter' }]);
  });

  test('of the functions tell which version runs', () => {
    const { stack } = limiterIn({});

    expect(tagsOf(stack, 'AWS::Lambda::Function')).toEqual(Array(2).fill({ 'Application': 'zae-limiter', 'zae-limiter:lambda-version': version }));
  });

  test('a legacy prefix is no part of the name', () => {
    const app = new App();
    new ZaeLimiterStack(app, 'ZAEL-prod');

    expect(stackTags(app, 'ZAEL-prod')['zae-limiter:name']).toBe('prod');
  });

  test('F-35: are never more than a resource can have', () => {
    const tags = Object.fromEntries(Array.from({ length: 42 }, (_, at) => [`tag-${at}`, 'x']));
    const app = new App();
    const stack = new ZaeLimiterStack(app, 'prod', { limiter: { tags, iam: { createRoles: true } } });

    const counts = Object.values(Template.fromStack(stack).toJSON().Resources as Record<string, { Properties: { Tags?: { Key: string }[] } }>)
      .map(({ Properties }) => new Set([...Object.keys(stackTags(app, 'prod')), ...(Properties.Tags ?? []).map(({ Key }) => Key)]).size);
    expect(Math.max(...counts)).toBe(50);
  });

  test('Aspects of the app see the resources', () => {
    const { stack } = limiterIn({});
    const seen: string[] = [];
    Aspects.of(stack).add({ visit: (node) => { seen.push(node.node.path); } });

    Template.fromStack(stack);

    expect(seen).toEqual(expect.arrayContaining(['app/prod/Table/Resource', 'app/prod/Aggregator/Function/Resource']));
  });
});

describe('parameters', () => {
  test('are published only when asked for', () => {
    const stack = new Stack(new App(), 'app');
    new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', ssmParameters: true, aggregator: disabled, provisioner: disabled });

    const parameters = Object.values(Template.fromStack(stack).findResources('AWS::SSM::Parameter')).map(({ Properties }) => Properties);
    expect(parameters.map(({ Name }) => Name).sort()).toEqual(['/zae-limiter/prod/stream-arn', '/zae-limiter/prod/table-arn', '/zae-limiter/prod/table-name']);
    expect(parameters).toContainEqual(expect.objectContaining({ Name: '/zae-limiter/prod/table-name', Type: 'String', Value: 'prod' }));
    Template.fromStack(stackWithDefaults()).resourceCountIs('AWS::SSM::Parameter', 0);
  });
});

function stackWithDefaults(): Stack {
  const stack = new Stack(new App(), 'app');
  new ZaeLimiter(stack, 'Limiter');
  return stack;
}

describe('profiles', () => {
  const synth = (props: ZaeLimiterProps) => {
    const stack = new Stack(new App(), 'app');
    new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', ...props });
    return Template.fromStack(stack);
  };
  const table = (expected: object) => ['AWS::DynamoDB::Table', expected] as const;

  test.each<[string, Profile, readonly (readonly [string, object])[]]>([
    ['development', Profile.development(), [
      table({ DeletionPolicy: 'Delete', Properties: { DeletionProtectionEnabled: false, PointInTimeRecoverySpecification: Match.absent() } }),
      ['AWS::Logs::LogGroup', { Properties: { RetentionInDays: 7 } }],
      ['AWS::CloudWatch::Alarm', { Properties: { AlarmName: 'prod-aggregator-error-rate', Threshold: 10 } }],
    ]],
    ['staging', Profile.staging(), [
      table({ DeletionPolicy: 'Retain', Properties: { PointInTimeRecoverySpecification: { RecoveryPeriodInDays: 7 } } }),
      ['AWS::Logs::LogGroup', { Properties: { RetentionInDays: 30 } }],
      ['AWS::CloudWatch::Alarm', { Properties: { AlarmName: 'prod-aggregator-error-rate', Threshold: 3 } }],
    ]],
    ['production', Profile.production(), [
      table({ DeletionPolicy: 'Retain', Properties: { DeletionProtectionEnabled: true, PointInTimeRecoverySpecification: { RecoveryPeriodInDays: 35 } } }),
      ['AWS::Logs::LogGroup', { Properties: { RetentionInDays: 90 } }],
      ['AWS::Lambda::Function', { Properties: { FunctionName: 'prod-aggregator', MemorySize: 512 } }],
      ['AWS::CloudWatch::Alarm', { Properties: { AlarmName: 'prod-aggregator-error-rate', Threshold: 1 } }],
      ['AWS::CloudWatch::Dashboard', {}],
      ['AWS::Backup::BackupPlan', { Properties: { BackupPlan: { BackupPlanRule: [{ Lifecycle: { MoveToColdStorageAfterDays: 30, DeleteAfterDays: 120 } }] } } }],
      ['AWS::Lambda::Function', { Properties: { FunctionName: 'prod-probe' } }],
    ]],
  ])('%s brings these settings', (_, profile, resources) => {
    const template = synth({ profile });

    for (const [type, expected] of resources) template.hasResource(type, expected);
  });

  test('give way to what is set beside them, setting by setting', () => {
    const template = synth({
      profile: Profile.production(), aggregator: { reservedConcurrentExecutions: 3 }, deletionProtection: false, backup: disabled,
    });

    template.hasResourceProperties('AWS::Lambda::Function', { FunctionName: 'prod-aggregator', MemorySize: 512, ReservedConcurrentExecutions: 3 });
    template.hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: false });
    template.resourceCountIs('AWS::Backup::BackupPlan', 0);
  });

  test('give up cold storage for who says how long a backup is kept', () => {
    synth({ profile: Profile.production(), backup: { deleteAfter: Duration.days(35) } }).hasResourceProperties('AWS::Backup::BackupPlan', {
      BackupPlan: { BackupPlanRule: [{ Lifecycle: { DeleteAfterDays: 35, MoveToColdStorageAfterDays: Match.absent() } }] },
    });
  });

  test('keep cold storage for who keeps a backup long enough', () => {
    synth({ profile: Profile.production(), backup: { deleteAfter: Duration.days(365) } }).hasResourceProperties('AWS::Backup::BackupPlan', {
      BackupPlan: { BackupPlanRule: [{ Lifecycle: { DeleteAfterDays: 365, MoveToColdStorageAfterDays: 30 } }] },
    });
  });

  test('leave it to the rule to refuse a lifetime of backups that is no number of days', () => {
    const construct = () => synth({ profile: Profile.production(), backup: { deleteAfter: Duration.hours(36) } });

    expect(construct).toThrow(/^BACKUP_LIFECYCLE: backup\.deleteAfter must be a whole number of days/);
  });

  test('archive for who sets up an archive, also in development', () => {
    synth({ profile: Profile.development() }).resourceCountIs('AWS::S3::Bucket', 0);
    synth({ profile: Profile.development(), audit: { archive: { versioned: false } } }).resourceCountIs('AWS::S3::Bucket', 1);
  });

  test.each<[string, string[] | undefined, string]>([
    ['the default namespace', undefined, 'default'], ['it among others', ['a', 'default'], 'default'], ['the first where it is none of them', ['a', 'b'], 'a'],
  ])('probe %s', (_, namespaces, expected) => {
    synth({ profile: Profile.production(), namespaces })
      .hasResourceProperties('AWS::Lambda::Function', { FunctionName: 'prod-probe', Environment: { Variables: { PROBE_NAMESPACE: expected } } });
  });

  test('are overruled by undefined nowhere', () => {
    synth({ profile: Profile.production(), deletionProtection: undefined })
      .hasResourceProperties('AWS::DynamoDB::Table', { DeletionProtectionEnabled: true });
  });
});
