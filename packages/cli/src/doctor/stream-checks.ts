import { CloudWatchClient, paginateDescribeAlarms, type MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { LambdaClient, ListEventSourceMappingsCommand } from '@aws-sdk/client-lambda';
import { FUNCTION_SUFFIX, FUNCTIONS } from '../stack/functions.js';
import { failed, ok, warning, type Check } from './check.js';

const NO_AGGREGATOR = 'deploy the limiter with its aggregator: zae-limiter deploy --enable-aggregator';

const stream: Check = {
  name: 'stream', awsOnly: false, needs: 'see the check of the table',
  async look({ table }) {
    const { StreamSpecification } = await table();
    if (StreamSpecification?.StreamEnabled !== true) return warning('is off: usage is not counted', NO_AGGREGATOR);
    const view = StreamSpecification.StreamViewType;
    return view === 'NEW_AND_OLD_IMAGES' ? ok('is on') : failed(`shows ${view}, the aggregator needs both images`, 'deploy the limiter again: zae-limiter deploy');
  },
};

const eventSource: Check = {
  name: 'event source', awsOnly: true, needs: 'grant lambda:ListEventSourceMappings',
  async look({ table, clients }) {
    const { LatestStreamArn } = await table();
    if (LatestStreamArn === undefined) return warning('there is no stream to read', NO_AGGREGATOR);
    const mappings = new ListEventSourceMappingsCommand({ EventSourceArn: LatestStreamArn });
    const { EventSourceMappings = [] } = await clients.get(LambdaClient).send(mappings);
    if (EventSourceMappings.length === 0) return warning('no function reads the stream: usage is not counted', NO_AGGREGATOR);
    const stopped = EventSourceMappings.find(({ State }) => State !== 'Enabled');
    if (stopped !== undefined) return failed(`${functionOf(stopped.FunctionArn)} is ${stopped.State}`, `aws lambda update-event-source-mapping --enabled --uuid ${stopped.UUID}`);
    const broken = EventSourceMappings.find(({ LastProcessingResult = 'OK' }) => !/^(OK|No records processed)$/.test(LastProcessingResult));
    return broken === undefined
      ? ok(`${EventSourceMappings.map(({ FunctionArn }) => functionOf(FunctionArn)).join(', ')} reads the stream`)
      : failed(`${functionOf(broken.FunctionArn)}: ${broken.LastProcessingResult}`, `aws logs tail /aws/lambda/${functionOf(broken.FunctionArn)} --since 1h shows why`);
  },
};

const functionOf = (arn = ''): string => arn.split(':')[6] ?? arn;

const alarms: Check = {
  name: 'alarms', awsOnly: true, needs: 'grant cloudwatch:DescribeAlarms',
  async look({ clients, context }) {
    const own: MetricAlarm[] = [];
    for await (const { MetricAlarms = [] } of paginateDescribeAlarms({ client: clients.get(CloudWatchClient) }, { AlarmTypes: ['MetricAlarm'] })) {
      own.push(...MetricAlarms.filter((alarm) => isAbout(alarm, context.name)));
    }
    if (own.length === 0) return warning('there are none', 'deploy the limiter with its alarms: zae-limiter deploy --enable-alarms');
    const firing = own.filter(({ StateValue }) => StateValue === 'ALARM').map(({ AlarmName }) => AlarmName);
    if (firing.length > 0) return failed(`${firing.join(', ')} in alarm`, 'the description of each alarm leads to its runbook');
    const mute = own.filter(({ ActionsEnabled, AlarmActions = [] }) => ActionsEnabled !== true || AlarmActions.length === 0);
    return mute.length === 0
      ? ok(`${own.length} tell somebody`)
      : warning(`${mute.length} of ${own.length} tell nobody`, 'deploy with --alarm-sns-topic, or set alarms.topic on the construct');
  },
};

/** Whether an alarm watches the table or a function of the limiter. */
function isAbout({ Dimensions = [], Metrics = [] }: MetricAlarm, name: string): boolean {
  const functions = FUNCTIONS.map((id) => `${name}-${FUNCTION_SUFFIX[id]}`); // another limiter's name can begin with this one's
  const dimensions = [...Dimensions, ...Metrics.flatMap(({ MetricStat }) => MetricStat?.Metric?.Dimensions ?? [])];
  return dimensions.some(({ Name, Value = '' }) =>
    (Name === 'TableName' && Value === name) || (Name === 'FunctionName' && functions.includes(Value)));
}

export const STREAM_CHECKS: readonly Check[] = [stream, eventSource, alarms];
