import { App, CfnParameter, Duration, Stack } from 'aws-cdk-lib';
import { Template } from 'aws-cdk-lib/assertions';
import { LimiterAlarms, ZaeLimiter, ZaeLimiterDashboard, type IZaeLimiter, type ZaeLimiterProps } from '../src';

const DASHBOARD = 'AWS::CloudWatch::Dashboard';

interface Widget { readonly type: string; readonly width: number; readonly x: number; readonly y: number; readonly properties: any }

/** The dashboard of a stack. References to resources are left out. */
function dashboardOf(stack: Stack): { name: string | undefined; body: any; widgets: Widget[] } {
  const [{ Properties }] = Object.values(Template.fromStack(stack).findResources(DASHBOARD)) as [any];
  const [, parts] = Properties.DashboardBody['Fn::Join'] as [string, unknown[]];
  const body = JSON.parse(parts.filter((part) => typeof part === 'string').join(''));
  return { name: Properties.DashboardName, body, widgets: body.widgets };
}

function synth(props: ZaeLimiterProps = {}) {
  const stack = new Stack(new App(), 'app');
  const limiter = new ZaeLimiter(stack, 'Limiter', { dashboard: { enabled: true }, ...props });
  return { stack, limiter, ...dashboardOf(stack) };
}

const titles = (widgets: readonly Widget[]): string[] => widgets.map(({ type, properties }) => properties.title ?? type);
const titled = (widgets: readonly Widget[], title: string): any => widgets.find(({ properties }) => properties.title === title)!.properties;

const REQUESTS = [
  'Updates of items: requests, corrections, and the aggregator\'s own', 'Consumed units', 'Throttled requests',
  'Latency of UpdateItem', 'Latency of GetItem', 'Latency of BatchGetItem',
  'Errors of DynamoDB', 'Consumed units an hour', 'Throttled requests a day',
];
const AGGREGATOR = [
  'Aggregator: invocations', 'Aggregator: duration', 'Aggregator: age of the stream\'s records',
  'Aggregator: work', 'Aggregator: failed records', 'Aggregator: shards', 'Dead letters',
];
const PROVISIONER = ['Provisioner: invocations', 'Provisioner: duration'];
const ARCHIVE = ['Audit archive: size', 'Audit archive: objects'];
const COST = ['Requests, US dollars an hour', 'text'];
const off = { enabled: false };

describe('a dashboard', () => {
  test.each<[string, ZaeLimiterProps]>([['nothing is said', {}], ['it is not enabled', { dashboard: { enabled: false, dashboardName: 'x' } }]])(
    'is not there when %s', (_, props) => {
      const stack = new Stack(new App(), 'app');

      expect(new ZaeLimiter(stack, 'Limiter', props).dashboard).toBeUndefined();

      Template.fromStack(stack).resourceCountIs(DASHBOARD, 0);
    });

  test('has the id Dashboard, a name that CloudFormation gives, and shows 3 hours', () => {
    const { limiter, name, body } = synth();

    expect(limiter.dashboard!.node.path).toBe('app/Limiter/Dashboard');
    expect(name).toBeUndefined();
    expect(body).toMatchObject({ start: '-PT3H', periodOverride: 'inherit' });
  });

  test('takes name and interval', () => {
    const { name, body } = synth({ dashboard: { enabled: true, dashboardName: 'Prod_limits-1', defaultInterval: Duration.days(2) } });

    expect(name).toBe('Prod_limits-1');
    expect(body).toMatchObject({ start: '-P2D' });
  });

  test.each<[string, ZaeLimiterProps, string[]]>([
    ['everything', {}, ['text', 'Alarms', ...REQUESTS, ...AGGREGATOR, ...PROVISIONER, ...ARCHIVE, ...COST]],
    ['no alarms', { alarms: off }, ['text', ...REQUESTS, ...AGGREGATOR, ...PROVISIONER, ...ARCHIVE, ...COST]],
    ['no archive', { audit: { archive: off } }, ['text', 'Alarms', ...REQUESTS, ...AGGREGATOR, ...PROVISIONER, ...COST]],
    ['no aggregator', { aggregator: off }, ['text', 'Alarms', ...REQUESTS, ...PROVISIONER, ...COST]],
    ['no provisioner', { provisioner: off }, ['text', 'Alarms', ...REQUESTS, ...AGGREGATOR, ...ARCHIVE, ...COST]],
  ])('shows of a limiter with %s what there is', (_, props, expected) => {
    expect(titles(synth(props).widgets)).toEqual(expected);
  });

  test('every row is as wide as the grid', () => {
    const widths = new Map<number, number>();
    for (const { y, width } of synth().widgets) widths.set(y, (widths.get(y) ?? 0) + width);

    expect(new Set(widths.values())).toEqual(new Set([24]));
  });

  test('draws the thresholds that the alarms have, with the metrics and periods of the alarms', () => {
    const threshold = 12_345;
    const period = Duration.minutes(1);
    const tuning = { enabled: true, threshold, period };
    const { widgets } = synth({
      alarms: {
        aggregatorErrors: tuning, aggregatorDuration: tuning, aggregatorThrottles: tuning, iteratorAge: tuning,
        deadLetters: tuning, systemErrors: tuning, readThrottles: tuning,
        writeThrottles: tuning, indexThrottles: tuning, provisionerErrors: tuning, recordFailures: tuning,
      },
    });

    const lines = widgets.flatMap(({ properties: { title, annotations } }) =>
      (annotations?.horizontal ?? []).map((line: any) => ({ title, ...line })));
    expect(lines.map(({ title, label, value }) => [title, label, value])).toEqual([
      ['Throttled requests', 'ReadThrottles'], ['Throttled requests', 'WriteThrottles'], ['Throttled requests', 'IndexThrottles'],
      ['Errors of DynamoDB', 'SystemErrors'],
      ['Aggregator: invocations', 'AggregatorErrors'], ['Aggregator: invocations', 'AggregatorThrottles'],
      ['Aggregator: duration', 'AggregatorDuration'], ['Aggregator: age of the stream\'s records', 'IteratorAge'],
      ['Aggregator: failed records', 'RecordFailures'], ['Dead letters', 'DeadLetters'], ['Provisioner: invocations', 'ProvisionerErrors'],
    ].map(([title, id]) => [title, `alarm: ${id}`, threshold]));
    for (const { title } of lines) expect(JSON.stringify(titled(widgets, title).metrics)).toContain('"period":60');
  });

  test('lists the state of every alarm', () => {
    const { limiter, widgets } = synth();

    expect(titled(widgets, 'Alarms').alarms).toHaveLength(limiter.alarms!.all.length);
  });

  test('draws no line without alarms', () => {
    expect(synth({ alarms: off }).widgets.filter(({ properties }) => properties.annotations !== undefined)).toEqual([]);
  });

  test('multiplies the units of the table and of every index with the prices that its text states', () => {
    const { widgets } = synth();

    const { metrics } = titled(widgets, 'Requests, US dollars an hour');
    const costs = metrics.map(([first]: any) => first.expression).filter((found: unknown) => found !== undefined);
    expect(costs).toEqual([expect.stringMatching(/\)\*0\.625\/1000000$/), expect.stringMatching(/\)\*0\.125\/1000000$/)]);
    for (const cost of costs) expect(cost.match(/FILL\(\w+,0\)/g)).toHaveLength(5);
    const parts = metrics.filter(([first]: any) => typeof first === 'string')
      .map(([, name, dimension, value]: any) => [name, dimension === 'GlobalSecondaryIndexName' ? value : '']);
    const everywhere = ['', 'GSI1', 'GSI2', 'GSI3', 'GSI4'];
    expect(parts).toEqual(['ConsumedWriteCapacityUnits', 'ConsumedReadCapacityUnits'].flatMap((name) => everywhere.map((index) => [name, index])));
    const text = widgets.at(-1)!.properties.markdown;
    for (const part of ['$0.625', '$0.125', 'us-east-1', 'November 2024', 'https://aws.amazon.com/dynamodb/pricing/on-demand/']) {
      expect(text).toContain(part);
    }
  });

  test('no graph says one id of two metrics', () => {
    for (const { properties } of synth().widgets) {
      const ids = (properties.metrics ?? []).map((metric: any) => metric.at(-1).id).filter((id: unknown) => id !== undefined);

      expect(ids).toEqual([...new Set(ids)]);
    }
  });

  test.each(['a b', '', 'ä', 'x'.repeat(256)])('fails when its name is %p', (dashboardName) => {
    const stack = new Stack(new App(), 'app');
    const limiter = new ZaeLimiter(stack, 'Limiter');

    expect(() => new ZaeLimiterDashboard(stack, 'Dashboard', { limiter, dashboardName }))
      .toThrow(`DASHBOARD_NAME_INVALID: dashboardName must have 1 to 255 letters, digits, hyphens and underscores, got '${dashboardName}' [app/Dashboard]`);
  });

  test('takes a name that is known only when it is deployed', () => {
    const stack = new Stack(new App(), 'app');
    const dashboardName = new CfnParameter(stack, 'Name').valueAsString;

    new ZaeLimiter(stack, 'Limiter', { dashboard: { enabled: true, dashboardName } });

    Template.fromStack(stack).hasResourceProperties(DASHBOARD, { DashboardName: { Ref: 'Name' } });
  });
});

describe('a dashboard in another stack', () => {
  test('shows the limiter and the alarms that it is given', () => {
    const app = new App();
    const limiter = new ZaeLimiter(new Stack(app, 'app'), 'Limiter', { alarms: { enabled: false } });
    const stack = new Stack(app, 'other');
    const alarms = new LimiterAlarms(stack, 'Alarms', { limiter, options: { iteratorAge: { threshold: 7 } } });

    const { dashboard } = new ZaeLimiterDashboard(stack, 'Dashboard', { limiter, alarms });

    expect(dashboard.node.path).toBe('other/Dashboard/Resource');
    const { widgets } = dashboardOf(stack);
    expect(titled(widgets, 'Aggregator: age of the stream\'s records').annotations.horizontal).toMatchObject([{ value: 7 }]);
  });

  test.each<[string, Partial<IZaeLimiter>, string[]]>([
    ['its table only', {}, []],
    ['its queue', { deadLetterQueueName: 'letters' }, ['Dead letters']],
    ['its aggregator', { aggregatorFunctionName: 'fn' }, AGGREGATOR.slice(0, -1)],
  ])('shows of a limiter %s when no more is known', (_, known, expected) => {
    const stack = new Stack(new App(), 'app');
    const limiter = new ZaeLimiter(stack, 'Limiter', { aggregator: off, provisioner: off, alarms: off });
    const partly = Object.create(limiter, Object.fromEntries(Object.entries(known).map(([name, value]) => [name, { value }]))) as IZaeLimiter;

    new ZaeLimiterDashboard(stack, 'Dashboard', { limiter: partly });

    expect(titles(dashboardOf(stack).widgets)).toEqual(['text', ...REQUESTS, ...expected, ...COST]);
  });
});

test('the alarms of the probe and of the trail are shown before those of the limiter', () => {
  const { widgets } = synth({ availabilityProbe: {}, cloudTrail: { alarms: true } });
  const { widgets: without } = synth();

  const shown = (all: readonly Widget[]): unknown[] => titled(all, 'Alarms').alarms;
  expect(shown(widgets)).toHaveLength(shown(without).length + 4);
});
