import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { IAMClient, SimulatePrincipalPolicyCommand } from '@aws-sdk/client-iam';
import { time } from '../output/text.js';
import { failed, ok, type Check } from './check.js';

/** A clock that differs more makes AWS refuse requests in the end, and moves refills of others before that. */
const MAX_SKEW_MS = 1000;
/** The header has whole seconds. */
const PRECISION_MS = 1000;

/** What the client needs; `docs/reference` lists which call needs which. */
const ACTIONS = ['BatchGetItem', 'DeleteItem', 'DescribeTable', 'GetItem', 'PutItem', 'Query', 'UpdateItem'].map((name) => `dynamodb:${name}`);

const credentials: Check = {
  name: 'credentials', awsOnly: true, needs: 'sign in, for example with: aws sso login',
  look: async ({ caller, clients }) => caller().then(
    (arn) => ok(arn),
    (error: Error) => { // without them nothing works: more than a check that could not be made
      if (clients.local) throw error;
      return failed(error.message, 'pass --profile, or sign in, for example with: aws sso login');
    },
  ),
};

const region: Check = {
  name: 'region', awsOnly: false, needs: 'pass --region, or set AWS_REGION',
  look: async ({ clients }) => ok(await clients.region()),
};

const clock: Check = {
  name: 'clock', awsOnly: false, needs: 'see the check of the credentials',
  async look({ context, clients }) {
    const client = clients.get(DynamoDBClient, { maxAttempts: 1 });
    let date: string | undefined;
    client.middlewareStack.add((next) => async (args) => {
      const result = await next(args);
      date = (result.response as { headers?: Record<string, string> }).headers?.date;
      return result;
    }, { step: 'deserialize', name: 'doctorDate', priority: 'low' });
    await client.send(new ListTablesCommand({ Limit: 1 }))
      .catch((error: unknown) => { if (date === undefined) throw error; }); // a refusal is dated too
    const [now, server] = [context.io.clock.now(), Date.parse(date ?? '')];
    if (Number.isNaN(server)) throw new Error('the answer of DynamoDB had no date');
    const skew = Math.max(0, now < server ? server - now : now - server - PRECISION_MS);
    return skew <= MAX_SKEW_MS
      ? ok('agrees with that of AWS')
      : failed(`is ${time(skew)} ${now < server ? 'behind' : 'ahead of'} that of AWS`, 'set the clock of this machine by NTP, for example with chrony');
  },
};

const permissions: Check = {
  name: 'permissions', awsOnly: true, needs: 'grant iam:SimulatePrincipalPolicy on your own role, or check its policies by hand',
  async look({ caller, table, clients }) {
    const [arn, { TableArn }] = await Promise.all([caller(), table()]);
    const answer = await clients.get(IAMClient).send(new SimulatePrincipalPolicyCommand({
      PolicySourceArn: principalArn(arn), ActionNames: ACTIONS, ResourceArns: [TableArn!],
    }));
    const denied = (answer.EvaluationResults ?? []).filter(({ EvalDecision }) => EvalDecision !== 'allowed').map(({ EvalActionName }) => EvalActionName!);
    return denied.length === 0
      ? ok('may read and write the table')
      : failed(`may not ${denied.join(', ')}`, 'attach the full access policy of the limiter to your role; zae-limiter status shows its ARN');
  },
};

/** Policies belong to the role, not to its session. */
const principalArn = (arn: string): string => arn.replace(/^arn:([\w-]+):sts::(\d+):assumed-role\/([^/]+)\/.*$/, 'arn:$1:iam::$2:role/$3');

export const ACCOUNT_CHECKS: readonly Check[] = [credentials, region, clock, permissions];
