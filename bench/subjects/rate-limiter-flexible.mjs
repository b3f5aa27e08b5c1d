// rate-limiter-flexible with its DynamoDB store. Fixed windows, one limit a key: the second limit is not asked for.
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { RateLimiterDynamo } from 'rate-limiter-flexible';
import { readEnvironment } from './subject';

const limiter = (options) => new Promise((resolve, reject) => {
  const made = new RateLimiterDynamo({
    storeClient: new DynamoDB({}), tableName: readEnvironment().plainTable, tableCreated: true, ttlSet: true, duration: 3600, ...options,
  }, (error) => (error ? reject(error) : resolve(made)));
});

export async function rateLimiterFlexible() {
  const ample = await limiter({ points: 1_000_000_000 });
  const short = await limiter({ points: 1, keyPrefix: 'short' });
  const refused = (key) => short.consume(`key-${key}`).then(() => { throw new Error('should be refused'); }, (answer) => {
    if (answer instanceof Error) throw answer;
  });
  const cases = {
    'tryAcquire': () => (key) => ample.consume(`key-${key}`),
    'first of a bucket': () => (key) => ample.consume(`first-${process.pid}-${Math.random()}-${key}`),
    'refusal by the bucket': async () => {
      await short.consume('key-0').catch(() => undefined);
      return refused;
    },
  };
  return { prepare: async ({ name }) => cases[name]() };
}
