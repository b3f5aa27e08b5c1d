import { Mixin } from 'aws-cdk-lib';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import { IConstruct } from 'constructs';
import { IZaeLimiter } from './limiter';
import { LimiterBase } from './limiter-base';
import { ILimiterNamespace } from './limiter-namespace';

/** Which namespace functions open. */
export interface LimiterClientEnvironmentOptions {
  /**
   * Namespace of this app, to which the functions' rights are limited.
   *
   * @default - the namespace `default`, and rights in all
   */
  readonly limiterNamespace?: ILimiterNamespace;
}

/**
 * Lets functions acquire: sets the variables that the client's `RateLimiter.open()` reads, and grants `grantAcquire`.
 *
 * It applies to functions, and to nothing else; functions of limiters are left alone.
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
  constructor(private readonly limiter: IZaeLimiter, private readonly options: LimiterClientEnvironmentOptions = {}) {
    super();
  }

  public supports(construct: IConstruct): boolean {
    return construct instanceof lambda.Function && !construct.node.scopes.some((scope) => scope instanceof LimiterBase);
  }

  public applyTo(construct: IConstruct): void {
    const target = construct as lambda.Function;
    const { limiterNamespace: namespace } = this.options;
    const variables = this.limiter.clientEnvironment({ namespaceName: namespace?.namespaceName });
    for (const [name, value] of Object.entries(variables)) target.addEnvironment(name, value);
    this.limiter.grantAcquire(target, { namespaces: namespace && [namespace] });
  }
}
