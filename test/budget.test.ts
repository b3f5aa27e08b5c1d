import { App, CfnParameter, Stack } from 'aws-cdk-lib';
import { Annotations, Match, Template } from 'aws-cdk-lib/assertions';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { ZaeLimiter, type BudgetOptions } from '../src';

const BUDGET = 'AWS::Budgets::Budget';
const EMAILS = { monthlyLimitUsd: 50, emails: ['ops@example.com'] };

function synth(options: (stack: Stack) => BudgetOptions = () => EMAILS) {
  const stack = new Stack(new App(), 'app');
  new ZaeLimiter(stack, 'Limiter', { limiterName: 'prod', budget: options(stack) });
  return { stack, template: Template.fromStack(stack) };
}

const notificationsOf = (template: Template) => (Object.values(template.findResources(BUDGET))[0]!.Properties.NotificationsWithSubscribers as any[])
  .map(({ Notification: { NotificationType, Threshold } }) => `${NotificationType} ${Threshold}`);

test('there is no budget, and the functions have no tag for it, unless it is asked for', () => {
  const stack = new Stack(new App(), 'app');
  new ZaeLimiter(stack, 'Limiter');

  Template.fromStack(stack).resourceCountIs(BUDGET, 0);
  const functions = Object.values(Template.fromStack(stack).findResources('AWS::Lambda::Function'));
  expect(functions).toHaveLength(2);
  expect(JSON.stringify(functions)).not.toContain('zae-limiter:name');
});

describe('the budget', () => {
  test('is monthly, of what has the tag of the limiter, and has no name that a replacement would collide with', () => {
    const { template } = synth();

    template.hasResourceProperties(BUDGET, {
      Budget: {
        BudgetName: Match.absent(), BudgetType: 'COST', TimeUnit: 'MONTHLY', BudgetLimit: { Amount: 50, Unit: 'USD' },
        CostFilters: { TagKeyValue: ['user:zae-limiter:name$prod'] },
      },
    });
  });

  test('covers everything of the limiter that costs by use', () => {
    const { template } = synth();

    const tag = { Key: 'zae-limiter:name', Value: 'prod' };
    for (const type of ['AWS::DynamoDB::Table', 'AWS::Lambda::Function', 'AWS::Logs::LogGroup', 'AWS::SQS::Queue']) {
      template.allResourcesProperties(type, { Tags: Match.arrayWith([tag]) });
    }
  });

  test('tells everybody at 80, 100 and a forecast of 120 percent', () => {
    const { template, stack } = synth((scope) => ({ ...EMAILS, topic: new Topic(scope, 'Topic') }));

    expect(notificationsOf(template)).toEqual(['ACTUAL 80', 'ACTUAL 100', 'FORECASTED 120']);
    const [topic] = Object.keys(template.findResources('AWS::SNS::Topic'));
    const Notification = { ComparisonOperator: 'GREATER_THAN', ThresholdType: 'PERCENTAGE' };
    const Subscribers = [{ SubscriptionType: 'EMAIL', Address: 'ops@example.com' }, { SubscriptionType: 'SNS', Address: { Ref: topic } }];
    template.hasResourceProperties(BUDGET, { NotificationsWithSubscribers: Array(3).fill(Match.objectLike({ Notification, Subscribers })) });
    Annotations.fromStack(stack).hasNoWarning('*', Match.anyValue());
  });

  test.each<[Partial<BudgetOptions>, string[]]>([
    [{ actualThresholds: [50] }, ['ACTUAL 50', 'FORECASTED 120']],
    [{ forecastThresholds: [] }, ['ACTUAL 80', 'ACTUAL 100']],
    [{ actualThresholds: [], forecastThresholds: [100, 200.5] }, ['FORECASTED 100', 'FORECASTED 200.5']],
  ])('takes %j', (thresholds, expected) => {
    expect(notificationsOf(synth(() => ({ ...EMAILS, ...thresholds })).template)).toEqual(expected);
  });

  test('takes parameters of the template', () => {
    const { template } = synth((stack) => ({
      monthlyLimitUsd: new CfnParameter(stack, 'Limit', { type: 'Number' }).valueAsNumber, emails: [new CfnParameter(stack, 'Mail').valueAsString],
    }));

    template.hasResourceProperties(BUDGET, {
      Budget: { BudgetLimit: { Amount: { Ref: 'Limit' } } },
      NotificationsWithSubscribers: Match.arrayWith([Match.objectLike({ Subscribers: [{ SubscriptionType: 'EMAIL', Address: { Ref: 'Mail' } }] })]),
    });
  });
});

describe('its topic', () => {
  test('lets AWS Budgets of this account publish, and still the alarms, before the budget is created', () => {
    const { template } = synth((stack) => ({ monthlyLimitUsd: 50, topic: new Topic(stack, 'Topic') }));

    const [policyId, policy] = Object.entries(template.findResources('AWS::SNS::TopicPolicy'))[0]!;
    const account = { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } };
    expect(policy.Properties.PolicyDocument.Statement).toMatchObject([
      { Principal: { Service: 'budgets.amazonaws.com' }, Action: 'sns:Publish', Condition: account },
      { Principal: { Service: 'cloudwatch.amazonaws.com' }, Action: 'sns:Publish', Condition: account },
    ]);
    template.hasResource(BUDGET, { DependsOn: [policyId] });
  });

  test('has to allow it already when it was imported, and a warning says so', () => {
    const { template, stack } = synth((scope) => ({ monthlyLimitUsd: 50, topic: Topic.fromTopicArn(scope, 'Topic', 'arn:aws:sns:us-east-1:123456789012:ops') }));

    template.resourceCountIs('AWS::SNS::TopicPolicy', 0);
    Annotations.fromStack(stack).hasWarning('/app/Limiter', Match.stringLikeRegexp('has to allow budgets.amazonaws.com'));
  });
});
