import { App, CfnElement, Stack } from 'aws-cdk-lib';
import { Match, Template } from 'aws-cdk-lib/assertions';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { ZaeLimiter } from '../src';

const account = '123456789012';

const ENVIRONMENTS = [
  { name: 'aws', env: { account, region: 'us-east-1' } },
  { name: 'aws-cn', env: { account, region: 'cn-north-1' } },
  { name: 'aws-us-gov', env: { account, region: 'us-gov-west-1' } },
  { name: 'no partition in particular', env: undefined },
] as const;

/** ARNs that name a partition instead of leaving it to the deployment. */
const literalArns = (template: Template): string[] => JSON.stringify(template.toJSON()).match(/arn:aws[^"]*/g) ?? [];

describe.each(ENVIRONMENTS)('a limiter in $name', ({ env }) => {
  test('names no partition in any ARN', () => {
    const stack = new Stack(new App(), 'app', { env });

    new ZaeLimiter(stack, 'Limiter', {
      limiterName: 'prod', backup: {}, budget: { monthlyLimitUsd: 50, topic: new Topic(stack, 'Topic') }, availabilityProbe: {},
      cloudTrail: { alarms: true, exceptRoles: [new Role(stack, 'Worker', { roleName: 'worker', assumedBy: new ServicePrincipal('lambda.amazonaws.com') })] },
    });

    const template = Template.fromStack(stack);
    template.resourceCountIs('AWS::DynamoDB::Table', 1);
    expect(literalArns(template)).toEqual([]);
  });

  test('grants to a role of another stack', () => {
    const app = new App();
    const limiters = new Stack(app, 'limiters', { env });
    const workers = new Stack(app, 'workers', { env });
    const limiter = new ZaeLimiter(limiters, 'Limiter');
    const role = new Role(workers, 'Worker', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });

    limiter.grantAcquire(role);

    const [arn] = Object.values(Template.fromStack(limiters).findOutputs('*')).flatMap(({ Export }) => (Export?.Name ?? []) as string[]);
    const template = Template.fromStack(workers);
    template.hasResourceProperties('AWS::IAM::Policy', {
      Roles: [{ Ref: workers.getLogicalId(role.node.defaultChild as CfnElement) }],
      PolicyDocument: {
        Statement: Match.arrayWith([Match.objectLike({ Action: ['dynamodb:UpdateItem', 'dynamodb:PutItem'], Resource: { 'Fn::ImportValue': arn } })]),
      },
    });
    expect(literalArns(template)).toEqual([]);
    expect(workers.dependencies).toEqual([limiters]);
    expect(limiters.dependencies).toEqual([]);
  });
});

test('grants across regions of one account by the name of the table', () => {
  const app = new App();
  const limiters = new Stack(app, 'limiters', { env: { account, region: 'eu-west-1' } });
  const workers = new Stack(app, 'workers', { env: { account, region: 'eu-central-1' } });
  const limiter = new ZaeLimiter(limiters, 'Limiter', { limiterName: 'prod' });
  const role = new Role(workers, 'Worker', { assumedBy: new ServicePrincipal('lambda.amazonaws.com') });

  limiter.grantAcquire(role);

  const arn = { 'Fn::Join': ['', ['arn:', { Ref: 'AWS::Partition' }, `:dynamodb:eu-west-1:${account}:table/prod`]] };
  Template.fromStack(workers).hasResourceProperties('AWS::IAM::Policy', {
    PolicyDocument: { Statement: Match.arrayWith([Match.objectLike({ Action: ['dynamodb:UpdateItem', 'dynamodb:PutItem'], Resource: arn })]) },
  });
});
