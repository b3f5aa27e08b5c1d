import { Mixin } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { IConstruct } from 'constructs';
import { ClientEnvironmentOptions, IZaeLimiter } from './limiter';

/**
 * Lets functions acquire: sets the variables that the client's `RateLimiter.open()` reads, and grants `grantAcquire`.
 *
 * It applies to functions, and to nothing else.
 *
 * @example
 *
 * declare const limiter: ZaeLimiter;
 *
 * Mixins.of(this).apply(new LimiterClientEnvironment(limiter)); // every function of the stack
 */
export class LimiterClientEnvironment extends Mixin {
  /**
   * @param limiter what the functions acquire from
   * @param options which namespace they open
   */
  constructor(private readonly limiter: IZaeLimiter, private readonly options: ClientEnvironmentOptions = {}) {
    super();
  }

  public supports(construct: IConstruct): boolean {
    // Functions of the limiter itself acquire nothing.
    return construct instanceof lambda.Function && !construct.node.scopes.includes(this.limiter);
  }

  public applyTo(construct: IConstruct): void {
    const target = construct as lambda.Function;
    for (const [name, value] of Object.entries(this.limiter.clientEnvironment(this.options))) target.addEnvironment(name, value);
    this.limiter.grantAcquire(target);
  }
}
