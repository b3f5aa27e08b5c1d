import { Duration, Stack, Token } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as s3 from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { LimiterAlarms } from './alarms';
import { dashboardRows } from './dashboard-rows';
import { IZaeLimiter } from './limiter';
import { Problems } from './private/validate';

/** A dashboard of a limiter. */
export interface DashboardOptions {
  /**
   * Whether there is a dashboard. CloudWatch charges for more than three of an account.
   *
   * @default false
   */
  readonly enabled?: boolean;

  /**
   * Name of the dashboard, of which there is one in all regions of an account.
   *
   * 1 to 255 characters: letters, digits, hyphens and underscores.
   *
   * @default - CloudFormation names it, so that a limiter can be deployed to several regions
   */
  readonly dashboardName?: string;

  /**
   * Time that the dashboard shows at first.
   *
   * @default Duration.hours(3)
   */
  readonly defaultInterval?: Duration;
}

/** Settings of a dashboard that stands on its own. */
export interface ZaeLimiterDashboardProps {
  /** The limiter. The dashboard shows those parts whose names it knows. */
  readonly limiter: IZaeLimiter;

  /**
   * Alarms whose states and thresholds are shown.
   *
   * @default - none
   */
  readonly alarms?: LimiterAlarms;

  /**
   * Other alarms whose states are shown, before those of the limiter.
   *
   * @default - none
   */
  readonly moreAlarms?: cloudwatch.IAlarm[];

  /**
   * Bucket of the audit archive, whose size is shown.
   *
   * @default - none
   */
  readonly archiveBucket?: s3.IBucket;

  /**
   * Name of the dashboard, of which there is one in all regions of an account.
   *
   * 1 to 255 characters: letters, digits, hyphens and underscores.
   *
   * @default - CloudFormation names it, so that a limiter can be deployed to several regions
   */
  readonly dashboardName?: string;

  /**
   * Time that the dashboard shows at first.
   *
   * @default Duration.hours(3)
   */
  readonly defaultInterval?: Duration;
}

/**
 * A CloudWatch dashboard of a limiter: alarms, requests, functions, queue, and what the requests cost.
 *
 * A `ZaeLimiter` makes its own with `dashboard`. Make one for a limiter that was deployed elsewhere.
 */
export class ZaeLimiterDashboard extends Construct {
  /** The dashboard, to add widgets to. */
  public readonly dashboard: cloudwatch.Dashboard;

  /** Address of the dashboard in the console. In a stack for any region it is that of the partition `aws`. */
  public readonly dashboardUrl: string;

  constructor(scope: Construct, id: string, props: ZaeLimiterDashboardProps) {
    super(scope, id);
    const problems = new Problems(this);
    checkDashboard(problems, 'dashboardName', props.dashboardName);
    problems.throwIfAny();
    this.dashboard = new cloudwatch.Dashboard(this, 'Resource', {
      dashboardName: props.dashboardName,
      defaultInterval: props.defaultInterval ?? Duration.hours(3),
      // A threshold holds for the period of its alarm, so the console must not stretch periods with the time shown.
      periodOverride: cloudwatch.PeriodOverride.INHERIT,
      widgets: dashboardRows(props),
    });
    const { region } = Stack.of(this);
    this.dashboardUrl = `https://${region}.${consoleOf(region)}/cloudwatch/home?region=${region}#dashboards/dashboard/${this.dashboard.dashboardName}`;
  }
}

/** Domain of the console in the partition of a region. */
function consoleOf(region: string): string {
  if (region.startsWith('cn-')) return 'console.amazonaws.cn';
  return region.startsWith('us-gov-') ? 'console.amazonaws-us-gov.com' : 'console.aws.amazon.com';
}

const DASHBOARD_NAME = /^[A-Za-z0-9_-]{1,255}$/;

/** Collects what is wrong with the name of a dashboard. */
export function checkDashboard(problems: Problems, prop: string, name: string | undefined): void {
  if (name === undefined || Token.isUnresolved(name) || DASHBOARD_NAME.test(name)) return;
  problems.add('DASHBOARD_NAME_INVALID', `${prop} must have 1 to 255 letters, digits, hyphens and underscores, got '${name}'`);
}
