import { Type } from '@sinclair/typebox';
import { command } from '../../command/command.js';
import { required, value } from '../../command/option.js';
import { integer, number } from '../../command/parsers.js';
import { AGGREGATOR, estimate } from '../../cost/estimate.js';
import { measureWrites } from '../../cost/measure.js';
import { PRICES } from '../../cost/prices.js';
import { right, table } from '../../output/result.js';
import { bytes } from '../../output/text.js';

const part = number(0, 1);

export const cost = command({
  path: 'cost',
  summary: 'Estimate what a workload costs in a month',
  description: [
    'From the writes that the client really makes, measured now against a table in memory, and the prices of DynamoDB on demand and Lambda.',
    'Requests to the same bucket at the same time share writes, and most refusals make none: the real cost of a busy limiter is lower.',
    'Not included: free tiers, alarms, logs, backups, traffic.',
  ].join('\n'),
  scope: 'offline',
  effect: 'reads',
  options: {
    rps: required('--rps <n>', 'requests per second, on average', { parse: number(0, 10_000_000) }),
    limits: value('--limits <n>', 'limits of each bucket', 2, { parse: integer(1, 20) }),
    cascade: value('--cascade <part>', 'part of the requests whose parent is charged too, 0 to 1', 0, { parse: part }),
    corrected: value('--corrected <part>', 'part of the requests that are corrected afterwards, 0 to 1', 0, { parse: part }),
    entities: value('--entities <n>', 'pairs of entity and resource in use', 1000, { parse: integer(1) }),
    windows: value('--windows <n>', 'lengths of windows that usage is counted in; 0 without an aggregator', 2, { parse: integer(0, 3) }),
  },
  output: Type.Object({
    prices: Type.Object({ region: Type.String(), currency: Type.String(), date: Type.String() }),
    writeUnits: Type.Object({ request: Type.Number(), cascading: Type.Number(), correction: Type.Number() }, { description: 'of one request' }),
    bucketBytes: Type.Integer(),
    items: Type.Array(Type.Object({ part: Type.String(), amount: Type.Number({ description: 'units per month' }), unit: Type.String(), usd: Type.Number() })),
    totalUsd: Type.Number({ description: 'per month' }),
    usdPerMillionRequests: Type.Union([Type.Number(), Type.Null()]),
  }),
  examples: ['cost --rps 100 --limits 2 --cascade 0.5'],
  async run(_context, { limits, ...workload }) {
    const measured = await measureWrites(limits);
    const items = estimate(workload, measured, PRICES).map((item) => ({ ...item, usd: rounded(item.usd) }));
    const totalUsd = rounded(items.reduce((sum, { usd }) => sum + usd, 0));
    const usdPerMillionRequests = workload.rps === 0 ? null : rounded((totalUsd / (workload.rps * MONTH_SECONDS)) * 1e6);
    const { region, currency, date } = PRICES;
    const { bucketBytes, ...writeUnits } = measured;
    return {
      data: { prices: { region, currency, date }, writeUnits, bucketBytes, items, totalUsd, usdPerMillionRequests },
      human: () => [
        table(['Part', right('Per month'), 'Unit', right('USD')], items.map(({ part: name, amount, unit, usd }) => [name, amountText(amount), unit, dollars(usd)])),
        '',
        `Total: ${dollars(totalUsd)} a month${usdPerMillionRequests === null ? '' : `, ${dollars(usdPerMillionRequests)} for a million requests`}`,
        `A bucket of ${limits} limit(s) is ${bytes(bucketBytes)}; a request writes ${measured.request} unit(s), ${measured.cascading} with its parent.`,
        `Prices of ${region} on ${date}. The aggregator is taken to need ${AGGREGATOR.secondsPerBatch} s for a batch.`,
      ],
    };
  },
});

const MONTH_SECONDS = 730 * 3600;

const rounded = (usd: number): number => Math.round(usd * 10_000) / 10_000;

const dollars = (usd: number): string => `$${usd.toLocaleString('en-US', { minimumFractionDigits: 2, maximumFractionDigits: 2 })}`;

const amountText = (amount: number): string => amount.toLocaleString('en-US', amount < 10 ? { maximumSignificantDigits: 2 } : { maximumFractionDigits: 0 });
