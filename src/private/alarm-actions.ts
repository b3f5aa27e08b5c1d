import { Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { AlarmOptions } from '../alarm-options';

/** Whom an alarm tells. */
export type Audience = Pick<AlarmOptions, 'actions' | 'topic' | 'criticalTopic' | 'notifyOnOk'>;

/**
 * Lets a service publish to a topic of this app. The policy takes the place of the one that SNS gives to a topic without a policy,
 * which CloudWatch lives on.
 *
 * @returns whether the topic has a policy that this app controls, and the policy
 */
export function allowToPublish(scope: Construct, topic: sns.ITopic, service: 'cloudwatch' | 'budgets', sourceArn?: string): iam.AddToResourcePolicyResult {
  const principals = [new iam.ServicePrincipal(`${service}.amazonaws.com`)];
  const conditions = { StringEquals: { 'aws:SourceAccount': Stack.of(scope).account }, ...(sourceArn && { ArnLike: { 'aws:SourceArn': sourceArn } }) };
  topic.masterKey?.addToResourcePolicy(new iam.PolicyStatement({
    principals, actions: ['kms:Decrypt', 'kms:GenerateDataKey*'], resources: ['*'], conditions,
  }), true);
  return topic.addToResourcePolicy(new iam.PolicyStatement({ principals, actions: ['sns:Publish'], resources: [topic.topicArn], conditions }));
}

/** F-19, X8: every alarm of a limiter does the same, and those that are critical a little more. What is given twice is done once. */
export function tell(alarm: cloudwatch.Alarm, { actions = [], topic, criticalTopic, notifyOnOk = false }: Audience, isCritical = false): void {
  const topics = [topic, isCritical ? criticalTopic : undefined].flatMap((one) => one ?? []);
  for (const one of topics) allowToPublish(alarm, one, 'cloudwatch');
  const all = [...actions, ...topics.map((one) => new SnsAction(one))];
  const arns = new Set(all.map((action) => action.bind(alarm, alarm).alarmActionArn));
  for (const alarmActionArn of arns) {
    const action: cloudwatch.IAlarmAction = { bind: () => ({ alarmActionArn }) };
    alarm.addAlarmAction(action);
    if (notifyOnOk) alarm.addOkAction(action);
  }
}

const RUNBOOKS = 'https://github.com/zae-limiter/zae-limiter-cdk/blob/main/docs/operations/runbooks.md';

/** The description of an alarm: its rule, and the section of the runbooks that says what to do. */
export const withRunbook = (rule: string, section: string): string => `${rule}. What to do: ${RUNBOOKS}#${section}`;
