import { Annotations, Stack, Token } from 'aws-cdk-lib';
import * as budgets from 'aws-cdk-lib/aws-budgets';
import * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { NAME_TAG, nameTagOf, tagWithName } from './discovery-tags';
import { allowToPublish } from './private/alarm-actions';
import { Problems } from './private/validate';
import { WARNING } from './private/warning-ids';

/** What the limiter may cost in a month, and who is told when it gets there. */
export interface BudgetOptions {
  /**
   * What the limiter may cost in a calendar month, in US dollars.
   *
   * Range: above 0.
   */
  readonly monthlyLimitUsd: number;

  /**
   * Percent of the limit that was spent, at each of which a message is sent.
   *
   * Range: above 0, each once. At most 5 together with `forecastThresholds`, and at least 1.
   *
   * @default [80, 100]
   */
  readonly actualThresholds?: number[];

  /**
   * Percent of the limit that the month will probably come to, at each of which a message is sent. AWS forecasts after about
   * five weeks of use.
   *
   * Range: above 0, each once. At most 5 together with `actualThresholds`.
   *
   * @default [120]
   */
  readonly forecastThresholds?: number[];

  /**
   * Addresses that messages are sent to, at most 10. Needed unless `topic` is given.
   *
   * @default - none
   */
  readonly emails?: string[];

  /**
   * Topic that messages are sent to. Needed unless `emails` are given.
   *
   * A topic of this app gets the policy that AWS Budgets needs. That takes the place of SNS's own policy, so the account's
   * CloudWatch alarms are allowed too. One that was imported, and the key of an encrypted one, have to allow it already.
   *
   * @default - none
   */
  readonly topic?: sns.ITopic;
}

export interface BudgetProps {
  readonly limiterName: string;
  readonly options: BudgetOptions;
  /** What the budget covers: everything below it gets the tag that the budget is filtered by. */
  readonly covers: Construct;
}

/** https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_budgets_CreateBudget.html */
const MAX_NOTIFICATIONS = 5;
const MAX_EMAILS = 10;

/** A monthly budget for what has the limiter's tag. */
export class Budget extends Construct {
  readonly budget: budgets.CfnBudget;

  constructor(scope: Construct, id: string, { limiterName, options, covers }: BudgetProps) {
    super(scope, id);
    tagWithName(covers, limiterName); // has to be activated as a cost allocation tag before it shows in bills
    const subscribers = [
      ...(options.emails ?? []).map((address) => ({ subscriptionType: 'EMAIL', address })),
      ...(options.topic === undefined ? [] : [{ subscriptionType: 'SNS', address: options.topic.topicArn }]),
    ];
    const notifications = (notificationType: string, thresholds: number[]): budgets.CfnBudget.NotificationWithSubscribersProperty[] =>
      thresholds.map((threshold) => ({
        notification: { notificationType, comparisonOperator: 'GREATER_THAN', threshold, thresholdType: 'PERCENTAGE' }, subscribers,
      }));
    // Without a name: a change of thresholds or subscribers replaces the budget, and the name of the old one would be taken.
    this.budget = new budgets.CfnBudget(this, 'Resource', {
      budget: {
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: options.monthlyLimitUsd, unit: 'USD' },
        costFilters: { TagKeyValue: [`user:${NAME_TAG}$${nameTagOf(limiterName)}`] },
      },
      notificationsWithSubscribers: [
        ...notifications('ACTUAL', actualThresholds(options)), ...notifications('FORECASTED', forecastThresholds(options)),
      ],
    });
    if (options.topic !== undefined) this.allowBudgets(options.topic);
  }

  private allowBudgets(topic: sns.ITopic): void {
    const budgetArn = Stack.of(this).formatArn({ service: 'budgets', region: '', resource: '*' });
    const { statementAdded, policyDependable } = allowToPublish(this, topic, 'budgets', budgetArn);
    if (!statementAdded) {
      Annotations.of(this.node.scope!).addWarningV2(WARNING.budgetTopicPolicy,
        'budget.topic is not of this app: its policy has to allow budgets.amazonaws.com to publish, or the budget cannot be created');
      return;
    }
    allowToPublish(this, topic, 'cloudwatch'); // alarms that tell this topic, whoever made them
    if (policyDependable !== undefined) this.budget.node.addDependency(policyDependable); // AWS Budgets tries the topic when it is created
  }
}

const actualThresholds = (options: BudgetOptions): number[] => options.actualThresholds ?? [80, 100];
const forecastThresholds = (options: BudgetOptions): number[] => options.forecastThresholds ?? [120];

/** Collects what is wrong with the settings of the budget. */
export function checkBudget(problems: Problems, options: BudgetOptions): void {
  const { monthlyLimitUsd, emails = [], topic } = options;
  const refuse = (rule: string): void => problems.add('BUDGET_INVALID', `budget.${rule}`);
  if (!Token.isUnresolved(monthlyLimitUsd) && !(monthlyLimitUsd > 0 && monthlyLimitUsd < Infinity)) {
    refuse(`monthlyLimitUsd must be above 0, got ${monthlyLimitUsd}`);
  }
  const thresholds = { actualThresholds: actualThresholds(options), forecastThresholds: forecastThresholds(options) };
  for (const [name, values] of Object.entries(thresholds)) {
    const known = values.filter((value) => !Token.isUnresolved(value));
    if (!known.every((value) => value > 0 && value < Infinity)) refuse(`${name} must be above 0, got ${JSON.stringify(known)}`);
    if (new Set(known).size !== known.length) refuse(`${name} must hold each percentage once, got ${JSON.stringify(known)}`);
  }
  const count = Object.values(thresholds).flat().length;
  if (count < 1 || count > MAX_NOTIFICATIONS) {
    refuse(`actualThresholds and forecastThresholds must hold 1 to ${MAX_NOTIFICATIONS} percentages together, got ${count}`);
  }
  checkEmails(refuse, emails);
  if (emails.length === 0 && topic === undefined) refuse('emails or budget.topic must be given, because a message needs a receiver');
}

function checkEmails(refuse: (rule: string) => void, emails: string[]): void {
  if (Token.isUnresolved(emails)) {
    refuse('emails must be a list, which may hold tokens but not be one');
    return;
  }
  const known = emails.filter((email) => !Token.isUnresolved(email));
  const bad = known.filter((email) => !/^[^\s@]+@[^\s@]+$/.test(email));
  if (bad.length > 0) refuse(`emails must be addresses, got ${JSON.stringify(bad)}`);
  if (new Set(known).size !== known.length) refuse(`emails must hold each address once, got ${JSON.stringify(known)}`);
  if (emails.length > MAX_EMAILS) refuse(`emails must be at most ${MAX_EMAILS}, got ${emails.length}`);
}
