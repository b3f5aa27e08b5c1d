import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { embeddedMetrics, type Metrics } from '../shared/embedded-metrics';
import { logLevel, positiveInteger, requiredText } from '../shared/env';
import { Logger } from '../shared/logger';
import { traced } from '../shared/tracing';
import { Probe, type Outcome } from './probe';

/** A slow answer is to show as latency; only one that no caller would wait for counts as none. */
const DEFAULT_TIMEOUT_MS = 1000;

const tableName = requiredText(process.env, 'TABLE_NAME');
const namespace = requiredText(process.env, 'PROBE_NAMESPACE');
const logger = new Logger('probe', { level: logLevel(process.env) });
const probe = new Probe({
  stack: tableName,
  namespace,
  timeoutMs: positiveInteger(process.env, 'PROBE_TIMEOUT_MS', DEFAULT_TIMEOUT_MS),
  client: traced(new DynamoDBClient({ maxAttempts: 1 }), process.env),
});

/** Takes a token and gives it back, and writes what it found as metrics and log. Never fails because the limiter does. */
export async function handler(): Promise<void> {
  const started = Date.now();
  const outcome = await probe.attempt();
  if ('code' in outcome) logger.error('Probe failed', { table_name: tableName, namespace, code: outcome.code, reason: outcome.reason });
  else logger.debug('Probe succeeded', { table_name: tableName, namespace, latency_ms: outcome.latencyMs });
  logger.write(embeddedMetrics('ZaeLimiter', tableName, probeMetrics(outcome), started));
}

/** The latency of a failure would be the time limit, and say nothing. */
function probeMetrics(outcome: Outcome): Metrics {
  return 'code' in outcome
    ? { ProbeSuccess: { unit: 'Count', value: 0 } }
    : { ProbeSuccess: { unit: 'Count', value: 1 }, ProbeLatency: { unit: 'Milliseconds', value: outcome.latencyMs } };
}
