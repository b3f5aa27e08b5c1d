import { App, Duration, Lazy, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { ApplicationLogLevel, Architecture, Runtime } from 'aws-cdk-lib/aws-lambda';
import { RetentionDays } from 'aws-cdk-lib/aws-logs';
import { isLogLevel } from '../lambda-src/shared/logger';
import { version } from '../package.json';
import table from '../spec/table.json';
import { ZaeLimiter, type ProvisionerOptions, type ZaeLimiterProps } from '../src';

function synth(props?: ZaeLimiterProps) {
  const stack = new Stack(new App(), 'app');
  new ZaeLimiter(stack, 'Limiter', props);
  return Template.fromStack(stack);
}

const FUNCTION = 'AWS::Lambda::Function';
const BOOTSTRAP = 'Custom::ZaeLimiterBootstrap';
const NAME = 'app-limits-provisioner';

const idOf = (template: Template, type: string, properties: object = {}): string =>
  Object.keys(template.findResources(type, { Properties: properties }))[0]!;

describe('function', () => {
  test('F-02: has these properties by default, and its code from the first deployment on', () => {
    const template = synth();

    template.hasResourceProperties(FUNCTION, {
      FunctionName: NAME,
      Handler: 'index.handler',
      Code: { S3Bucket: Match.anyValue(), S3Key: Match.stringLikeRegexp('^[0-9a-f]{64}\\.zip$'), ZipFile: Match.absent() },
      Runtime: 'nodejs24.x',
      Architectures: ['arm64'],
      MemorySize: 256,
      Timeout: 300,
      ReservedConcurrentExecutions: Match.absent(),
      Role: { 'Fn::GetAtt': [idOf(template, 'AWS::IAM::Role', { RoleName: 'app-prov' }), 'Arn'] },
      LoggingConfig: {
        LogFormat: 'JSON',
        ApplicationLogLevel: 'INFO',
        LogGroup: { Ref: idOf(template, 'AWS::Logs::LogGroup', { LogGroupName: `/aws/lambda/${NAME}` }) },
      },
    });
  });

  test('reads its settings from these variables and no others', () => {
    const template = synth();

    const [provisioner] = Object.values(template.findResources(FUNCTION, { Properties: { FunctionName: NAME } }));
    expect(provisioner!.Properties.Environment.Variables).toEqual({
      TABLE_NAME: { Ref: idOf(template, 'AWS::DynamoDB::Table') }, LOG_LEVEL: 'INFO',
    });
  });

  test.each<[string, ProvisionerOptions, object]>([
    ['memorySize', { memorySize: 512 }, { MemorySize: 512 }],
    ['timeout', { timeout: Duration.minutes(3) }, { Timeout: 180 }],
    ['architecture', { architecture: Architecture.X86_64 }, { Architectures: ['x86_64'] }],
    ['runtime', { runtime: Runtime.NODEJS_22_X }, { Runtime: 'nodejs22.x' }],
    ['reservedConcurrentExecutions', { reservedConcurrentExecutions: 2 }, { ReservedConcurrentExecutions: 2 }],
    ['applicationLogLevel', { applicationLogLevel: ApplicationLogLevel.ERROR },
      { LoggingConfig: { ApplicationLogLevel: 'INFO' }, Environment: { Variables: { LOG_LEVEL: 'ERROR' } } }],
  ])('takes %s', (_, provisioner, expected) => {
    const template = synth({ provisioner });

    template.hasResourceProperties(FUNCTION, { FunctionName: NAME, ...expected });
  });

  test.each(Object.values(ApplicationLogLevel))('its code starts with the log level %s', (level) => {
    const template = synth({ provisioner: { applicationLogLevel: level } });

    const [provisioner] = Object.values(template.findResources(FUNCTION, { Properties: { FunctionName: NAME } }));
    expect(provisioner!.Properties.LoggingConfig.ApplicationLogLevel).toBe(['TRACE', 'DEBUG'].includes(level) ? level : 'INFO');
    expect(isLogLevel(provisioner!.Properties.Environment.Variables.LOG_LEVEL)).toBe(true);
  });

  test.each<[string, ZaeLimiterProps, number]>([
    ['a month by default', {}, 30],
    ['as long as the logs of the limiter', { logRetention: RetentionDays.ONE_WEEK }, 7],
    ['as long as its own setting says', { logRetention: RetentionDays.ONE_WEEK, provisioner: { logRetention: RetentionDays.ONE_YEAR } }, 365],
  ])('keeps its log %s', (_, props, days) => {
    const template = synth(props);

    template.hasResourceProperties('AWS::Logs::LogGroup', { LogGroupName: `/aws/lambda/${NAME}`, RetentionInDays: days });
  });
});

describe('role', () => {
  test('F-46: may write its own log and the items of the limiter, nothing else', () => {
    const template = synth();

    const [role] = Object.values(template.findResources('AWS::IAM::Role', { Properties: { RoleName: 'app-prov' } }));
    expect(role!.Properties.ManagedPolicyArns).toBeUndefined();
    const roleId = idOf(template, 'AWS::IAM::Role', { RoleName: 'app-prov' });
    const policies = Object.values(template.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: roleId }] } }));
    expect(policies.flatMap(({ Properties }) => Properties.PolicyDocument.Statement)).toEqual([
      {
        Effect: 'Allow',
        Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        Resource: { 'Fn::GetAtt': [idOf(template, 'AWS::Logs::LogGroup', { LogGroupName: `/aws/lambda/${NAME}` }), 'Arn'] },
      },
      {
        Sid: 'ManageLimits',
        Effect: 'Allow',
        Action: ['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
        Resource: { 'Fn::GetAtt': [idOf(template, 'AWS::DynamoDB::Table'), 'Arn'] },
        Condition: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['*/SYSTEM#', '*/RESOURCE#*', '*/ENTITY#*', '*/BUCKET#*', '*/AUDIT#*'] },
          'Null': { 'dynamodb:LeadingKeys': 'false' },
        },
      },
    ]);
  });

  test('has its permissions before the table is prepared', () => {
    const template = synth();

    const [policyId] = Object.keys(template.findResources('AWS::IAM::Policy', {
      Properties: { Roles: [{ Ref: idOf(template, 'AWS::IAM::Role', { RoleName: 'app-prov' }) }] },
    }));
    template.hasResource(FUNCTION, { Properties: { FunctionName: NAME }, DependsOn: Match.arrayWith([policyId]) });
    template.hasResourceProperties(BOOTSTRAP, { ServiceToken: { 'Fn::GetAtt': [idOf(template, FUNCTION, { FunctionName: NAME }), 'Arn'] } });
  });
});

describe('bootstrap', () => {
  test('has these properties by default', () => {
    const template = synth();

    const [bootstrap] = Object.values(template.findResources(BOOTSTRAP));
    expect(bootstrap!.Properties).toEqual({
      ServiceToken: { 'Fn::GetAtt': [idOf(template, FUNCTION, { FunctionName: NAME }), 'Arn'] },
      ServiceTimeout: '330',
      TableName: { Ref: idOf(template, 'AWS::DynamoDB::Table') },
      SchemaVersion: table.schemaVersion,
      LibraryVersion: version,
      AuditRetentionDays: 90,
      Namespaces: ['default'],
    });
  });

  test.each<[string, ZaeLimiterProps, object]>([
    ['namespaces', { namespaces: ['default', 'tenant-1'] }, { Namespaces: ['default', 'tenant-1'] }],
    ['no namespaces', { namespaces: [] }, { Namespaces: [] }],
    ['audit.retention', { audit: { retention: Duration.days(365) } }, { AuditRetentionDays: 365 }],
  ])('takes %s', (_, props, expected) => {
    const template = synth(props);

    template.hasResourceProperties(BOOTSTRAP, expected);
  });

  test.each<[string, Duration, string]>([
    ['a short run', Duration.seconds(30), '60'],
    ['the longest run', Duration.minutes(15), '930'],
    ['a run of unknown length', Duration.seconds(Lazy.number({ produce: () => 60 })), '930'],
  ])('F-02: the stack waits a little longer than the function may run: %s', (_, timeout, expected) => {
    const template = synth({ provisioner: { timeout } });

    template.hasResourceProperties(BOOTSTRAP, { ServiceTimeout: expected });
  });
});
