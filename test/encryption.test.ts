import { App, Aws, Duration, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Vpc } from 'aws-cdk-lib/aws-ec2';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Bucket, ObjectLockRetention } from 'aws-cdk-lib/aws-s3';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { Queue } from 'aws-cdk-lib/aws-sqs';
import { AuditArchiveScope, FailureDestination, LimiterClientEnvironment, ZaeLimiter, type ZaeLimiterProps } from '../src';

type Props = (stack: Stack) => ZaeLimiterProps;

function synth(props: Props = () => ({})) {
  const stack = new Stack(new App(), 'app', { env: { account: '123456789012', region: 'us-east-1' } });
  const limiter = new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', ...props(stack) });
  return { stack, limiter, get template() { return Template.fromStack(stack); } };
}

interface Statement { readonly Sid?: string; readonly Action: string | string[]; readonly Resource: unknown; readonly Condition?: any }

const keyOf = (stack: Stack): Key => new Key(stack, 'Key', { enableKeyRotation: true });
const statementsOf = (template: Template, roleName: string) => {
  const [id] = Object.keys(template.findResources('AWS::IAM::Role', { Properties: { RoleName: roleName } }));
  return Object.values(template.findResources('AWS::IAM::Policy', { Properties: { Roles: [{ Ref: id }] } }))
    .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]);
};

describe('F-39: a key of the customer', () => {
  test('encrypts table, archive, queue, logs and variables', () => {
    const { template } = synth((stack) => ({ encryptionKey: keyOf(stack) }));

    const [id] = Object.keys(template.findResources('AWS::KMS::Key'));
    const arn = { 'Fn::GetAtt': [id, 'Arn'] };
    template.hasResourceProperties('AWS::DynamoDB::Table', { SSESpecification: { SSEEnabled: true, SSEType: 'KMS', KMSMasterKeyId: arn } });
    template.hasResourceProperties('AWS::S3::Bucket', {
      BucketEncryption: { ServerSideEncryptionConfiguration: [{ BucketKeyEnabled: true, ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: arn } }] },
    });
    template.hasResourceProperties('AWS::SQS::Queue', { KmsMasterKeyId: arn });
    template.allResourcesProperties('AWS::Logs::LogGroup', { KmsKeyId: arn });
    template.allResourcesProperties('AWS::Lambda::Function', { KmsKeyArn: arn });
  });

  test('encrypts the trail and its bucket, and CloudTrail may use it for this trail', () => {
    const { template } = synth((stack) => ({ encryptionKey: keyOf(stack), cloudTrail: {} }));

    const [id] = Object.keys(template.findResources('AWS::KMS::Key'));
    template.allResourcesProperties('AWS::S3::Bucket', {
      BucketEncryption: { ServerSideEncryptionConfiguration: [Match.objectLike({ ServerSideEncryptionByDefault: { SSEAlgorithm: 'aws:kms', KMSMasterKeyID: { 'Fn::GetAtt': [id, 'Arn'] } } })] },
    });
    template.hasResourceProperties('AWS::CloudTrail::Trail', { KMSKeyId: { 'Fn::GetAtt': [id, 'Arn'] } });
    template.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([Match.objectLike({ Sid: 'EncryptTrail', Condition: Match.objectLike({ ArnLike: { 'aws:SourceArn': Match.anyValue() } }) }),
          Match.objectLike({ Sid: 'UseTrailKey', Action: ['kms:DescribeKey', 'kms:Decrypt'], Condition: { ArnLike: { 'aws:SourceArn': Match.anyValue() } } })]),
      },
    });
  });

  test('lets CloudWatch Logs of the account and region use it', () => {
    const { template } = synth((stack) => ({ encryptionKey: keyOf(stack) }));

    template.hasResourceProperties('AWS::KMS::Key', {
      KeyPolicy: {
        Statement: Match.arrayWith([Match.objectLike({
          Sid: 'EncryptLogs',
          Principal: { Service: { 'Fn::Join': ['', ['logs.us-east-1.', { Ref: 'AWS::URLSuffix' }]] } },
          Condition: { ArnLike: { 'kms:EncryptionContext:aws:logs:arn': { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':logs:us-east-1:123456789012:*']] } } },
        })]),
      },
    });
  });

  test.each([
    ['prod-aggr', ['dynamodb', 's3', 'sqs']],
    ['prod-prov', ['dynamodb']],
  ])('may be used by %s through the services that it calls', (roleName, services) => {
    const { template } = synth((stack) => ({ encryptionKey: keyOf(stack) }));

    const [statement, ...more] = statementsOf(template, roleName).filter(({ Action }) => Action.includes('kms:Decrypt'));
    expect(more).toEqual([]);
    expect(statement).toMatchObject({
      Action: ['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*'],
      Condition: { StringLike: { 'kms:ViaService': services.map((service) => `${service}.us-east-1.amazonaws.com*`) } },
    });
  });

  test('is part of every grant, as far as the grant needs it', () => {
    const { stack, limiter } = synth((scope) => ({ encryptionKey: keyOf(scope) }));
    const role = (id: string) => new Role(stack, id, { roleName: id, assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
    limiter.grantAcquire(role('app')).assertSuccess();
    limiter.grantReadOnly(role('observer'), { byPrincipalTag: true }).assertSuccess();

    const template = Template.fromStack(stack);

    const kms = (name: string) => statementsOf(template, name).filter(({ Action }) => Action.includes('kms:Decrypt')).map(({ Action }) => Action);
    expect(kms('app')).toEqual([['kms:Decrypt', 'kms:DescribeKey', 'kms:Encrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*']]);
    expect(kms('observer')).toEqual([['kms:Decrypt', 'kms:DescribeKey']]);
  });

  test('may be another one for queue and archive', () => {
    const { template } = synth((stack) => ({
      encryptionKey: keyOf(stack),
      aggregator: { onFailure: FailureDestination.managedQueue({ encryptionKey: new Key(stack, 'QueueKey') }) },
      audit: { archive: { encryptionKey: new Key(stack, 'ArchiveKey') } },
    }));

    const kms = statementsOf(template, 'prod-aggr').filter(({ Action }) => Action.includes('kms:Decrypt'));
    expect(kms.map(({ Sid, Condition }) => [Sid, Condition.StringLike['kms:ViaService']])).toEqual([
      ['UseKey', ['dynamodb.us-east-1.amazonaws.com*']], ['UseKey2', ['s3.us-east-1.amazonaws.com*']], ['UseKey3', ['sqs.us-east-1.amazonaws.com*']],
    ]);
  });
});

describe('failure destinations', () => {
  const destinationOf = (template: Template) => Object.values(template.findResources('AWS::Lambda::EventSourceMapping'))[0]!.Properties.DestinationConfig;

  test.each<[string, (stack: Stack) => FailureDestination, unknown, readonly string[]]>([
    ['a queue of yours', (stack) => FailureDestination.queue(Queue.fromQueueArn(stack, 'Queue', 'arn:aws:sqs:us-east-1:123456789012:mine')),
      'arn:aws:sqs:us-east-1:123456789012:mine', ['sqs:SendMessage']],
    ['a topic of yours', (stack) => FailureDestination.topic(Topic.fromTopicArn(stack, 'Topic', 'arn:aws:sns:us-east-1:123456789012:mine')),
      'arn:aws:sns:us-east-1:123456789012:mine', ['sns:Publish']],
    ['a bucket of yours', (stack) => FailureDestination.bucket(Bucket.fromBucketArn(stack, 'Bucket', 'arn:aws:s3:::mine')), 'arn:aws:s3:::mine',
      ['s3:PutObject', 's3:ListBucket']],
    ['nowhere', () => FailureDestination.none(), undefined, []],
  ])('are %s', (_, onFailure, arn, actions) => {
    const { template, limiter } = synth((stack) => ({ aggregator: { onFailure: onFailure(stack) }, audit: { archive: { enabled: false } } }));

    expect(destinationOf(template)).toEqual(arn === undefined ? undefined : { OnFailure: { Destination: arn } });
    const allowed = statementsOf(template, 'prod-aggr').flatMap(({ Action }) => Action).filter((action) => /^(sqs|sns|s3):/.test(action));
    expect(allowed).toEqual(actions);
    template.resourceCountIs('AWS::SQS::Queue', 0);
    expect(limiter.deadLetterQueue !== undefined).toBe(actions.includes('sqs:SendMessage'));
  });

  test('are a queue with settings of yours', () => {
    const { template } = synth(() => ({
      aggregator: { onFailure: FailureDestination.managedQueue({ retentionPeriod: Duration.days(2), visibilityTimeout: Duration.minutes(1) }) },
    }));

    template.hasResourceProperties('AWS::SQS::Queue', { MessageRetentionPeriod: 172_800, VisibilityTimeout: 60 });
  });
});

describe('the audit archive', () => {
  const filtersOf = (template: Template): string[] => Object.values(template.findResources('AWS::Lambda::EventSourceMapping'))[0]!
    .Properties.FilterCriteria.Filters.map(({ Pattern }: { Pattern: string }) => Pattern);

  test('F-39: is private, versioned, encrypted, refuses plain HTTP, and moves events to Glacier; F-31: it is kept', () => {
    const { template } = synth();

    template.hasResource('AWS::S3::Bucket', {
      DeletionPolicy: 'Retain',
      Properties: {
        BucketEncryption: { ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }] },
        PublicAccessBlockConfiguration: { BlockPublicAcls: true, BlockPublicPolicy: true, IgnorePublicAcls: true, RestrictPublicBuckets: true },
        VersioningConfiguration: { Status: 'Enabled' },
        LifecycleConfiguration: {
          Rules: [{
            Id: 'TransitionToGlacier', Prefix: 'audit/', Status: 'Enabled', Transitions: [{ StorageClass: 'GLACIER_IR', TransitionInDays: 90 }],
            AbortIncompleteMultipartUpload: { DaysAfterInitiation: 7 },
          }],
        },
      },
    });
    template.hasResourceProperties('AWS::S3::BucketPolicy', {
      PolicyDocument: { Statement: [Match.objectLike({ Effect: 'Deny', Condition: { Bool: { 'aws:SecureTransport': 'false' } } })] },
    });
  });

  test.each<[string, ZaeLimiterProps['audit'], object]>([
    ['glacierTransition', { archive: { glacierTransition: Duration.days(30) } }, { LifecycleConfiguration: { Rules: [Match.objectLike({ Transitions: [{ TransitionInDays: 30, StorageClass: 'GLACIER_IR' }] })] } }],
    ['expiration', { archive: { expiration: Duration.days(2555) } }, {
      LifecycleConfiguration: {
        Rules: [
          Match.objectLike({ ExpiredObjectDeleteMarker: true }),
          Match.objectLike({ ExpirationInDays: 2555, NoncurrentVersionExpiration: { NoncurrentDays: 30 } }),
        ],
      },
    }],
    ['versioned', { archive: { versioned: false } }, { VersioningConfiguration: Match.absent() }],
    ['objectLockRetention', { archive: { objectLockRetention: ObjectLockRetention.compliance(Duration.days(365)) } },
      { ObjectLockEnabled: true, ObjectLockConfiguration: { Rule: { DefaultRetention: { Days: 365, Mode: 'COMPLIANCE' } } } }],
  ])('takes %s', (_, audit, expected) => {
    synth(() => ({ audit })).template.hasResourceProperties('AWS::S3::Bucket', expected);
  });

  test('F-03: the stream delivers deletions of audit events by DynamoDB, or all of them', () => {
    const [expired, all] = [AuditArchiveScope.TTL_ONLY, AuditArchiveScope.ALL_DELETES].map((scope) =>
      filtersOf(synth(() => ({ audit: { archive: { scope } } })).template));

    const pattern = { eventName: ['REMOVE'], dynamodb: { Keys: { SK: { S: [{ prefix: '#AUDIT#' }] } } } };
    expect(expired!.map((text) => JSON.parse(text))[1]).toEqual({ ...pattern, userIdentity: { type: ['Service'], principalId: ['dynamodb.amazonaws.com'] } });
    expect(all!.map((text) => JSON.parse(text))[1]).toEqual(pattern);
  });

  test('may be a bucket of yours, to which the aggregator adds under audit/', () => {
    const arn = `arn:${Aws.PARTITION}:s3:::mine`;
    const { template, limiter, stack } = synth((scope) => ({ audit: { archive: { bucket: Bucket.fromBucketArn(scope, 'Mine', arn) } } }));

    template.resourceCountIs('AWS::S3::Bucket', 0);
    expect(stack.resolve(limiter.archiveBucket!.bucketArn)).toEqual(stack.resolve(arn));
    expect(statementsOf(template, 'prod-aggr').find(({ Sid }) => Sid === 'ArchiveAudit')!.Resource).toEqual(
      { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':s3:::mine/audit/*']] },
    );
  });

  test.each<[string, ZaeLimiterProps]>([
    ['switched off', { audit: { archive: { enabled: false } } }],
    ['of no use without aggregator', { aggregator: { enabled: false } }],
  ])('is left out when it is %s', (_, props) => {
    const { template, limiter } = synth(() => props);

    template.resourceCountIs('AWS::S3::Bucket', 0);
    expect(limiter.archiveBucket).toBeUndefined();
    expect(JSON.stringify(template.toJSON())).not.toContain('ENABLE_ARCHIVAL');
  });
});

describe('functions in a VPC', () => {
  test('get its subnets and what Lambda needs to join it', () => {
    const { template } = synth((stack) => ({ network: { vpc: new Vpc(stack, 'Vpc') } }));

    for (const roleName of ['prod-aggr', 'prod-prov']) {
      expect(statementsOf(template, roleName).find(({ Sid }) => Sid === 'UseNetwork')!.Action).toContain('ec2:CreateNetworkInterface');
    }
    for (const FunctionName of ['prod-aggregator', 'prod-limits-provisioner']) {
      template.hasResourceProperties('AWS::Lambda::Function', { FunctionName, VpcConfig: { SubnetIds: Match.anyValue(), SecurityGroupIds: Match.anyValue() } });
    }
  });
});

describe('a mixin for functions', () => {
  test('sets the environment of the client and grants to acquire, and leaves functions of the limiter alone', async () => {
    const { Mixins } = await import('aws-cdk-lib');
    const { Code, Function: LambdaFunction, Runtime } = await import('aws-cdk-lib/aws-lambda');
    const { stack, limiter } = synth();
    new LambdaFunction(stack, 'Worker', { functionName: 'worker', runtime: Runtime.NODEJS_22_X, handler: 'index.handler', code: Code.fromInline('exports') });

    const other = new ZaeLimiter(stack, 'Other', { limiterName: 'other' });
    const limiterNamespace = { namespaceName: 'tenant', namespaceId: 'a7x3kq2m' };

    Mixins.of(stack).apply(new LimiterClientEnvironment(limiter, { limiterNamespace }));

    const template = Template.fromStack(stack);
    template.hasResourceProperties('AWS::Lambda::Function', {
      FunctionName: 'worker', Environment: { Variables: { ZAEL_STACK: 'prod', ZAEL_NAMESPACE: 'tenant' } },
    });
    const withLimiter = Object.values(template.findResources('AWS::Lambda::Function')).filter(({ Properties }) => Properties.Environment?.Variables?.ZAEL_STACK);
    expect(withLimiter).toHaveLength(1);
    expect(other.aggregator).toBeDefined();
    template.hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: Match.stringLikeRegexp('^Worker') }], PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({
          Action: ['dynamodb:UpdateItem', 'dynamodb:PutItem'],
          Condition: Match.objectLike({ 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': ['a7x3kq2m/BUCKET#*'] } }),
        })]),
      },
    });
  });
});
