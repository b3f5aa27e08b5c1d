import { App, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import { OutputMode, ZaeLimiter, type IZaeLimiter, type ZaeLimiterAttributes } from '../src';

const ARN = 'arn:aws:dynamodb:eu-west-1:210987654321:table/prod';
const env = { account: '123456789012', region: 'us-east-1' };

interface Statement { readonly Sid?: string; readonly Action: string | string[]; readonly Resource: unknown; readonly Condition?: any }

const newStack = (): Stack => new Stack(new App(), 'app', { env });
const roleIn = (stack: Stack, id = 'Worker'): Role => new Role(stack, id, { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });
const policyIn = (stack: Stack) => Object.values(Template.fromStack(stack).findResources('AWS::IAM::Policy'))
  .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Statement[]);
const writes = (stack: Stack) => policyIn(stack).find(({ Action }) => Action.includes('dynamodb:UpdateItem'))!;

describe('an imported limiter', () => {
  test('by name is the one of the account and region, and is granted like one of the app', () => {
    const stack = newStack();
    const limiter = ZaeLimiter.fromTableName(stack, 'Limiter', 'prod');

    limiter.grantAcquire(roleIn(stack)).assertSuccess();

    expect([limiter.limiterName, limiter.tableName]).toEqual(['prod', 'prod']);
    expect(writes(stack).Resource).toEqual({ 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, ':dynamodb:us-east-1:123456789012:table/prod']] });
    expect(limiter.clientEnvironment()).toEqual({ ZAEL_STACK: 'prod', ZAEL_NAMESPACE: 'default' });
  });

  test('by ARN may belong to another account and region', () => {
    const stack = newStack();
    const limiter = ZaeLimiter.fromTableArn(stack, 'Limiter', ARN);

    limiter.grantAcquire(roleIn(stack)).assertSuccess();

    expect(limiter.limiterName).toBe('prod');
    expect(writes(stack).Resource).toBe(ARN);
  });

  test('knows what its attributes say, and its key is used through the DynamoDB of its region', () => {
    const stack = newStack();
    const attributes: ZaeLimiterAttributes = {
      tableArn: ARN,
      tableStreamArn: `${ARN}/stream/1`,
      encryptionKey: Key.fromKeyArn(stack, 'Key', 'arn:aws:kms:eu-west-1:210987654321:key/1'),
      provisionerFunctionArn: 'arn:aws:lambda:eu-west-1:210987654321:function:prod-limits-provisioner',
      provisionerRole: Role.fromRoleName(stack, 'Provisioner', 'prod-prov'),
      namespaceTagKey: 'tenant',
    };
    const limiter = ZaeLimiter.fromAttributes(stack, 'Limiter', attributes);

    limiter.grantFullAccess(roleIn(stack), { byPrincipalTag: true }).assertSuccess();
    limiter.grantInvokeProvisioner(roleIn(stack, 'Operator')).assertSuccess();

    const { tableStreamArn, provisionerFunctionArn, provisionerRole } = limiter;
    expect({ tableStreamArn, provisionerFunctionArn, provisionerRole }).toEqual({
      tableStreamArn: attributes.tableStreamArn,
      provisionerFunctionArn: attributes.provisionerFunctionArn,
      provisionerRole: attributes.provisionerRole,
    });
    const statements = policyIn(stack);
    expect(statements.find(({ Action }) => Action.includes('kms:Decrypt'))!.Condition).toEqual({
      StringLike: { 'kms:ViaService': ['dynamodb.eu-west-1.amazonaws.com*'] },
    });
    expect(writes(stack).Condition['ForAllValues:StringLike']).toEqual({ 'dynamodb:LeadingKeys': ['${aws:PrincipalTag/tenant}/*'] });
    expect(statements.find(({ Action }) => Action === 'lambda:InvokeFunction')!.Resource).toBe(attributes.provisionerFunctionArn);
  });

  test.each<[string, ZaeLimiterAttributes, string]>([
    ['nothing', {}, 'tableName or tableArn must be given'],
    ['an empty name', { tableName: '' }, 'tableName or tableArn must be given'],
    ['an ARN of something else', { tableArn: 'arn:aws:s3:::bucket' }, "tableArn must be the ARN of a table, got 'arn:aws:s3:::bucket'"],
    ['no ARN', { tableArn: 'prod' }, "tableArn must be the ARN of a table, got 'prod'"],
    ['a name and an ARN of two tables', { tableName: 'test', tableArn: ARN }, `tableName and tableArn must name one table, got 'test' and '${ARN}'`],
  ])('is refused with %s: IMPORT_INVALID', (_, attributes, text) => {
    const importing = () => ZaeLimiter.fromAttributes(newStack(), 'Limiter', attributes);

    expect(importing).toThrow(`IMPORT_INVALID: ${text} [app/Limiter]`);
  });

  test('refuses to grant a provisioner that it does not know: PROVISIONER_REQUIRED', () => {
    const stack = newStack();
    const limiter = ZaeLimiter.fromTableName(stack, 'Limiter', 'prod');

    expect(() => limiter.grantInvokeProvisioner(roleIn(stack))).toThrow(/^PROVISIONER_REQUIRED: grantInvokeProvisioner needs the provisioner/);
  });
});

describe('a limiter imported from exports', () => {
  const names = (stack: Stack): string[] => [...JSON.stringify(Template.fromStack(stack).toJSON()).matchAll(/"Fn::ImportValue":"([^"]+)"/g)]
    .map(([, name]) => name!);

  test('imports only what is used, by the names that a limiter exports', () => {
    const app = new App();
    const stack = new Stack(app, 'consumer', { env });
    const provider = new Stack(app, 'prod', { env });
    new ZaeLimiter(provider, 'Limiter', { outputs: OutputMode.EXPORTS });
    const limiter = ZaeLimiter.fromStackExports(stack, 'Limiter', 'prod');

    limiter.grantAcquire(roleIn(stack)).assertSuccess();
    limiter.grantInvokeProvisioner(roleIn(stack, 'Operator')).assertSuccess();

    const used = [...new Set(names(stack))].sort();
    const exported = Object.values(Template.fromStack(provider).findOutputs('*')).map(({ Export }) => Export.Name);
    expect(used).toEqual(['prod-ProvisionerArn', 'prod-TableArn']);
    expect(exported).toEqual(expect.arrayContaining(used));
  });
});

describe('a limiter imported from parameters', () => {
  const parameters = (stack: Stack): string[] => Object.values(Template.fromStack(stack).findParameters('*'))
    .map(({ Default }) => Default).filter((name) => name.startsWith('/zae-limiter/')).sort();

  const consume = (use: (limiter: IZaeLimiter, stack: Stack) => void): string[] => {
    const stack = newStack();
    use(ZaeLimiter.fromSsm(stack, 'Limiter', 'prod'), stack);
    return parameters(stack);
  };

  test('reads only what is used, from the parameters that a limiter writes', () => {
    const provider = newStack();
    new ZaeLimiter(provider, 'Limiter', { limiterName: 'prod', ssmParameters: true });
    const written = Object.values(Template.fromStack(provider).findResources('AWS::SSM::Parameter')).map(({ Properties }) => Properties.Name);

    const forAcquire = consume((limiter, stack) => limiter.grantReadOnly(roleIn(stack)).assertSuccess());
    const forManifests = consume((limiter, stack) => limiter.grantInvokeProvisioner(roleIn(stack)).assertSuccess());

    expect(forAcquire).toEqual([]);
    expect(forManifests).toEqual(['/zae-limiter/prod/provisioner-function-arn']);
    expect(written.sort()).toEqual([
      '/zae-limiter/prod/aggregator-function-name', '/zae-limiter/prod/dead-letter-queue-name', '/zae-limiter/prod/provisioner-function-arn',
      '/zae-limiter/prod/provisioner-function-name', '/zae-limiter/prod/stream-arn', '/zae-limiter/prod/table-arn', '/zae-limiter/prod/table-name',
    ]);
  });
});
