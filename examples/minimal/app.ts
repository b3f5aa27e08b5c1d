import { App, Stack } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { ZaeLimiter } from '@zae-limiter/cdk';

const app = new App();
const stack = new Stack(app, 'demo-limiter');

// The limiter: a table named like the stack, and the functions around it.
const limiter = new ZaeLimiter(stack, 'Limiter');

// A function that may take tokens, and nothing else.
const worker = new lambda.Function(stack, 'Worker', {
  runtime: lambda.Runtime.NODEJS_24_X,
  handler: 'index.handler',
  code: lambda.Code.fromInline('exports.handler = async () => "your code calls limiter.run() here";'),
  environment: limiter.clientEnvironment(),
});
limiter.grantAcquire(worker);

app.synth();
