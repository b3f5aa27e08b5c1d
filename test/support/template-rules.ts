import type { Resource, Resources } from './scenarios';

/** What a rule finds wrong: the logical ids, with what is wrong where it is not obvious. */
export interface TemplateRule {
  readonly name: string;
  readonly check: (resources: Resources) => string[];
}

const ofType = (resources: Resources, ...types: string[]): [id: string, resource: Resource][] =>
  Object.entries(resources).filter(([, { Type }]) => types.includes(Type));
const without = (entries: [string, Resource][], isRight: (resource: Resource, id: string) => boolean): string[] =>
  entries.filter(([id, resource]) => !isRight(resource, id)).map(([id]) => id);

/** Whether a value anywhere refers to a resource of the template, by Ref or by an attribute. */
function refersTo(value: unknown, id: string): boolean {
  const text = JSON.stringify(value) ?? '';
  return text.includes(`{"Ref":"${id}"}`) || text.includes(`{"Fn::GetAtt":["${id}",`);
}

/** Every policy document of the template, also those inside of roles. */
function policyDocuments(resources: Resources): [id: string, statements: any[]][] {
  return Object.entries(resources).flatMap(([id, { Properties = {} }]) => {
    const inline = (Properties.Policies ?? []) as { PolicyDocument: object }[];
    const { PolicyDocument, KeyPolicy, AssumeRolePolicyDocument } = Properties;
    const documents = [PolicyDocument, KeyPolicy, AssumeRolePolicyDocument, ...inline.map((policy) => policy.PolicyDocument)];
    return documents.filter((document) => document !== undefined).map((document): [string, any[]] => [id, [document.Statement].flat()]);
  });
}

/** Deployed length of a name: pseudo parameters are as long as they can be, what is not known counts for nothing. */
function lengthOf(name: any): number {
  const PSEUDO: Record<string, number> = { 'AWS::AccountId': 12, 'AWS::Region': 14, 'AWS::Partition': 10, 'AWS::StackName': 128 };
  if (typeof name === 'string') return name.length;
  if (name?.['Fn::Join']) {
    const [separator, parts] = name['Fn::Join'] as [string, unknown[]];
    return parts.reduce<number>((sum, part) => sum + lengthOf(part), separator.length * (parts.length - 1));
  }
  return PSEUDO[name?.Ref] ?? 0;
}

/** Physical names and their longest form; `BucketName` also names the bucket of a bucket's policy, hence the types. */
const NAMES: Record<string, [property: string, max: number]> = {
  'AWS::DynamoDB::Table': ['TableName', 255],
  'AWS::Lambda::Function': ['FunctionName', 64],
  'AWS::IAM::Role': ['RoleName', 64],
  'AWS::IAM::ManagedPolicy': ['ManagedPolicyName', 128],
  'AWS::IAM::Policy': ['PolicyName', 128],
  'AWS::SQS::Queue': ['QueueName', 80],
  'AWS::Logs::LogGroup': ['LogGroupName', 512],
  'AWS::S3::Bucket': ['BucketName', 63],
  'AWS::SNS::Topic': ['TopicName', 256],
  'AWS::CloudWatch::Alarm': ['AlarmName', 255],
  'AWS::CloudWatch::Dashboard': ['DashboardName', 255],
  'AWS::Backup::BackupVault': ['BackupVaultName', 50],
  'AWS::Backup::BackupPlan': ['BackupPlan.BackupPlanName', 50],
  'AWS::Budgets::Budget': ['Budget.BudgetName', 100],
  'AWS::SSM::Parameter': ['Name', 1011],
  'AWS::Scheduler::Schedule': ['Name', 64],
};

const SECRET = /secret|passw(or)?d|credential|private_?key|api_?key|access_?key|auth_?token|bearer/i;
const STATEFUL = ['AWS::DynamoDB::Table', 'AWS::S3::Bucket', 'AWS::KMS::Key', 'AWS::Backup::BackupVault'];

/** How the CDK grants the use of one key: families of two actions each. */
const KEY_USE = ['kms:ReEncrypt*', 'kms:GenerateDataKey*'];
const isWildcard = (action: string): boolean => action.includes('*') && !KEY_USE.includes(action);

export const RULES: readonly TemplateRule[] = [
  {
    name: 'no policy allows an action with a wildcard, or everything but some',
    // The policy of a key is not looked at: it must leave the key to its account, which is an action with a wildcard.
    check: (resources) => policyDocuments(resources).filter(([id, statements]) => resources[id]!.Type !== 'AWS::KMS::Key'
      && statements.some(({ Effect, Action, NotAction }) => Effect === 'Allow' && (NotAction !== undefined || [Action].flat().some(isWildcard))))
      .map(([id]) => id),
  },
  {
    name: 'no policy lets everybody in',
    check: (resources) => policyDocuments(resources).filter(([, statements]) => statements.some(({ Effect, Principal, Condition }) =>
      Effect === 'Allow' && Condition === undefined && (Principal === '*' || [Principal?.AWS].flat().includes('*'))))
      .map(([id]) => id),
  },
  {
    name: 'every log group forgets after a while',
    check: (resources) => without(ofType(resources, 'AWS::Logs::LogGroup'), ({ Properties }) => typeof Properties?.RetentionInDays === 'number'),
  },
  {
    name: 'every queue and bucket refuses plain HTTP',
    check: (resources) => without(ofType(resources, 'AWS::SQS::Queue', 'AWS::S3::Bucket'), (_, id) =>
      ofType(resources, 'AWS::SQS::QueuePolicy', 'AWS::S3::BucketPolicy').some(([, { Properties }]) =>
        refersTo(Properties.Queues ?? Properties.Bucket, id) && Properties.PolicyDocument.Statement.some(({ Effect, Condition }: any) =>
          Effect === 'Deny' && Condition?.Bool?.['aws:SecureTransport'] === 'false'))),
  },
  {
    name: 'no bucket can be made public',
    check: (resources) => without(ofType(resources, 'AWS::S3::Bucket'), ({ Properties }) =>
      ['BlockPublicAcls', 'BlockPublicPolicy', 'IgnorePublicAcls', 'RestrictPublicBuckets']
        .every((switchName) => Properties?.PublicAccessBlockConfiguration?.[switchName] === true)),
  },
  {
    name: 'every queue and topic is encrypted, and every bucket says with what',
    check: (resources) => [
      ...without(ofType(resources, 'AWS::SQS::Queue'), ({ Properties }) => Properties?.SqsManagedSseEnabled !== false),
      ...without(ofType(resources, 'AWS::S3::Bucket'), ({ Properties }) => Properties?.BucketEncryption !== undefined),
      ...without(ofType(resources, 'AWS::SNS::Topic'), ({ Properties }) => Properties?.KmsMasterKeyId !== undefined),
    ],
  },
  {
    name: 'every table has an expiry and a stream with both images',
    check: (resources) => without(ofType(resources, 'AWS::DynamoDB::Table'), ({ Properties }) =>
      Properties.TimeToLiveSpecification?.Enabled === true && Properties.StreamSpecification?.StreamViewType === 'NEW_AND_OLD_IMAGES'),
  },
  {
    name: 'what keeps data says what becomes of it',
    check: (resources) => without(ofType(resources, ...STATEFUL), ({ DeletionPolicy, UpdateReplacePolicy }) =>
      DeletionPolicy !== undefined && UpdateReplacePolicy === DeletionPolicy),
  },
  {
    name: 'either every alarm has an action, or none',
    check: (resources) => {
      const alarms = ofType(resources, 'AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm');
      const silent = without(alarms, ({ Properties }) => (Properties.AlarmActions ?? []).length > 0);
      return silent.length === alarms.length ? [] : silent;
    },
  },
  {
    name: 'every function writes to a log group of its own',
    check: (resources) => {
      const functions = ofType(resources, 'AWS::Lambda::Function');
      const groupOf = ({ Properties }: Resource) => ofType(resources, 'AWS::Logs::LogGroup').find(([id]) => refersTo(Properties.LoggingConfig?.LogGroup, id))?.[0];
      return without(functions, (resource) => {
        const group = groupOf(resource);
        return group !== undefined && functions.filter(([, other]) => groupOf(other) === group).length === 1;
      });
    },
  },
  {
    name: 'no environment variable is named like a secret',
    check: (resources) => ofType(resources, 'AWS::Lambda::Function').flatMap(([id, { Properties }]) =>
      Object.keys(Properties.Environment?.Variables ?? {}).filter((name) => SECRET.test(name)).map((name) => `${id}: ${name}`)),
  },
  {
    name: 'no physical name is longer than AWS allows',
    check: (resources) => Object.entries(resources).filter(([, { Type, Properties }]) => {
      const [path, max] = NAMES[Type] ?? ['', Infinity];
      return lengthOf(path.split('.').reduce<any>((value, key) => value?.[key], Properties)) > max;
    }).map(([id]) => id),
  },
];

export const NO_IAM: TemplateRule = {
  name: 'nothing of IAM is there',
  check: (resources) => Object.entries(resources).filter(([, { Type }]) => Type.startsWith('AWS::IAM::')).map(([id]) => id),
};
