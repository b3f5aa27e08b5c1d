import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import { AlarmOptions } from '../alarm-options';

/** Whom an alarm tells. */
export type Audience = Pick<AlarmOptions, 'actions' | 'topic' | 'notifyOnOk'>;

/** F-19, X8: every alarm of a limiter does the same. What is given twice is done once. */
export function tell(alarm: cloudwatch.Alarm, { actions = [], topic, notifyOnOk = false }: Audience): void {
  const all = topic === undefined ? actions : [...actions, new SnsAction(topic)];
  const arns = new Set(all.map((action) => action.bind(alarm, alarm).alarmActionArn));
  for (const alarmActionArn of arns) {
    const action: cloudwatch.IAlarmAction = { bind: () => ({ alarmActionArn }) };
    alarm.addAlarmAction(action);
    if (notifyOnOk) alarm.addOkAction(action);
  }
}
