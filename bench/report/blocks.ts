import { count, dollars, number, table, times } from './markdown';
import { middle, only, ratio, select, type Results } from './results';
import { isMet, PEERS, targets } from './targets';

/** The parts of the documentation that are made from results, by the name that their page gives them. */
export const BLOCKS: Readonly<Record<string, (results: Results) => string>> = {
  'machine': machineLine, 'targets': describeTargets, 'keys': keysTable, 'forms': formsTable, 'processes': processesTable, 'peers': peersTable, 'cpu': cpuTable,
  'request-cost': requestCost, 'request-dollars': requestDollars, 'peer-cost': peerCost, 'aggregator-cost': aggregatorCost, 'prices': pricesLine,
};

function machineLine({ speed: { cases, machine, settings: { rounds, windowMs } }, profile, growth }: Results): string {
  const failures = [...cases, ...profile.cases, ...growth.keys, ...growth.limits, ...growth.callers].reduce((sum, one) => sum + one.failures, 0);
  const versions = Object.entries(machine.versions).map(([name, version]) => `${name} ${version}`).join(', ');
  return `Measured on ${machine.began.slice(0, 10)}: ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGb} GB, Node.js ${machine.node.slice(1)}, ${versions}; `
    + `medians of ${rounds} rounds, ${number(windowMs / 1000)} s for each case.${failures === 0 ? '' : ` ${failures} of them failed and were measured again.`}`;
}

/** What is promised beside what was measured. */
export function describeTargets(results: Results): string {
  const rows = targets(results).map((target) => {
    const { what, bound, measured, unit } = target;
    const show = unit === 'times' ? times : count;
    return [what, Object.entries(bound).map(([kind, value]) => `${WORDS[kind]!} ${show(value)}`).join(), show(measured), isMet(target) ? 'yes' : '**no**'];
  });
  return table([['', 'target', 'measured', 'met'], ...rows]);
}

const WORDS: Readonly<Record<string, string>> = { atMost: 'at most', atLeast: 'at least', below: 'below' };

const KEYS = [[1, 'one'], [1000, '1000'], ['zipf', '1000, the first most']] as const;

function keysTable({ speed: { cases } }: Results): string {
  const rows = KEYS.flatMap(([keys, label]) => [1, 16, 64, 256].map((callers) => {
    const ours = only(cases, { subject: 'ours', name: 'tryAcquire', keys, callers });
    const [sdk] = select(cases, { subject: 'sdk', keys, callers });
    const [http] = select(cases, { subject: 'http', keys, callers });
    return [
      label, count(callers), sdk ? number(middle(sdk, 'perSecond')) : '', http ? number(middle(http, 'perSecond')) : '', number(middle(ours, 'perSecond')),
      sdk ? times(ratio(ours, sdk, 'perSecond')) : '', number(middle(ours, 'p50Ms')), number(middle(ours, 'p99Ms')), number(middle(ours, 'cpuUs')),
    ];
  }));
  return table([['keys', 'callers', 'SDK/s', 'bare HTTP/s', 'ours/s', 'of the SDK', 'ours p50 ms', 'p99 ms', 'CPU µs'], ...rows]);
}

function formsTable({ speed: { cases } }: Results): string {
  const forms = [
    'tryAcquire', 'acquire and commit', 'run', 'acquire and correct', 'refill', 'first of a bucket', 'cascade', 'refusal by the bucket', 'refusal from memory',
    'tryAcquire, one limiter for each caller',
  ];
  const measured = forms.flatMap((name) => select(cases, { subject: 'ours', name }))
    .filter(({ name, callers, keys }) => name !== 'tryAcquire' || (keys === 1 && callers === 1));
  const rows = measured.map((one) => [
    one.name === 'tryAcquire, one limiter for each caller' ? 'tryAcquire, no write shared' : one.name, String(one.keys), count(one.callers),
    number(middle(one, 'perSecond')), number(middle(one, 'p50Ms')), number(middle(one, 'p99Ms')), number(middle(one, 'cpuUs')),
  ]);
  return table([['request', 'keys', 'callers', 'per second', 'p50 ms', 'p99 ms', 'CPU µs'], ...rows]);
}

function processesTable({ speed: { cases } }: Results): string {
  const rows = select(cases, { processes: 4 }).map((four) => {
    const { subject, name, keys, callers } = four;
    const one = only(cases, { subject, name, keys, callers });
    return [
      subject === 'sdk' ? 'SDK, bare update' : name, String(keys), count(callers), number(middle(one, 'perSecond')), number(middle(four, 'perSecond')),
      times(ratio(four, one, 'perSecond')),
    ];
  });
  return table([['request', 'keys', 'callers', 'one process/s', 'four processes/s', 'four to one'], ...rows]);
}

function peersTable({ speed: { cases } }: Results): string {
  const rows = [[1, 1], [1, 16], [1, 64], [1, 256], [1000, 1], [1000, 64]].map(([keys, callers]) => {
    const ours = only(cases, { subject: 'ours', name: 'tryAcquire', keys, callers });
    const peers = PEERS.map(([subject]) => only(cases, { subject, name: 'tryAcquire', keys, callers }));
    return [
      count(keys!), count(callers!), number(middle(ours, 'perSecond')), ...peers.map((peer) => number(middle(peer, 'perSecond'))),
      ...peers.map((peer) => times(ratio(ours, peer, 'perSecond'))), ...[ours, ...peers].map((one) => number(middle(one, 'p50Ms'))),
    ];
  });
  const names = PEERS.map(([, name]) => name);
  const head = [
    'keys', 'callers', 'ours/s', ...names.map((name) => `${name}/s`), ...names.map((name) => `ours to ${name}`),
    'ours p50 ms', ...names.map((name) => `${name} p50 ms`),
  ];
  return table([head, ...rows]);
}

function cpuTable({ profile: { cases } }: Results): string {
  const floor = only(cases, { name: 'UpdateItem through the SDK' });
  const rows = cases.map((one) => [one.name, number(middle(one, 'cpuUs')), times(ratio(one, floor, 'cpuUs'))]);
  return table([['', 'CPU µs', 'of the bare update'], ...rows]);
}

function requestCost({ paths }: Results): string {
  const rows = Object.entries(paths).map(([name, { calls, roundTrips, writeUnits, readUnits }]) =>
    [name, ...[calls, roundTrips, writeUnits, readUnits].map(count)]);
  return table([['request', 'DynamoDB calls', 'round trips', 'write units', 'read units'], ...rows]);
}

const dollarsOf = ({ prices: { dynamodb } }: Results, { writeUnits, readUnits }: { writeUnits: number; readUnits: number }): string =>
  dollars(writeUnits * dynamodb.millionWriteUnits + readUnits * dynamodb.millionReadUnits);

function requestDollars(results: Results): string {
  const rows = Object.entries(results.cost.ours).map(([name, cost]) =>
    [name, count(cost.writeUnits), count(cost.readUnits), dollarsOf(results, cost)]);
  return table([['request', 'write units', 'read units', 'a million'], ...rows]);
}

function peerCost(results: Results): string {
  const names = new Map(PEERS);
  const rows = results.cost.peers.map(({ subject, path, ...cost }) =>
    [names.get(subject)!, path, count(cost.calls), count(cost.roundTrips), count(cost.writeUnits), count(cost.readUnits), dollarsOf(results, cost)]);
  return table([['', 'request', 'DynamoDB calls', 'round trips', 'write units', 'read units', 'a million'], ...rows]);
}

function aggregatorCost(results: Results): string {
  const rows = results.cost.aggregator.map(({ situation, writeUnitsPerAcquire: writeUnits, readUnitsPerAcquire: readUnits }) =>
    [situation, count(writeUnits), count(readUnits), dollarsOf(results, { writeUnits, readUnits })]);
  return table([['', 'write units a request', 'read units a request', 'a million requests'], ...rows]);
}

function pricesLine({ prices: { region, date, sources, dynamodb } }: Results): string {
  return `On-demand prices of ${region}, as of ${date} ([source](${sources.dynamodb}), kept in \`spec/prices.json\`): `
    + `${dollars(dynamodb.millionWriteUnits)} for a million write units, ${dollars(dynamodb.millionReadUnits)} for a million read units.`;
}
