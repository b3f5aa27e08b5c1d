import { Token } from 'aws-cdk-lib';
import * as dynamodb from 'aws-cdk-lib/aws-dynamodb';
import { GLOBAL_INDEXES } from './private/table-schema';
import { Problems } from './private/validate';

/** Bounds of a table that is billed by request. */
export interface OnDemandOptions {
  /**
   * Most read units a second; above them DynamoDB refuses.
   *
   * Range: 1 or more.
   *
   * @default - the quota of the account
   */
  readonly maxReadRequestUnits?: number;

  /**
   * Most write units a second; above them DynamoDB refuses.
   *
   * Range: 1 or more.
   *
   * @default - the quota of the account
   */
  readonly maxWriteRequestUnits?: number;
}

/** Capacity of a table that is billed by the hour, each of its indexes included. It follows the load between its bounds. */
export interface ProvisionedOptions {
  /** Least read units a second. */
  readonly minRead: number;
  /** Most read units a second. */
  readonly maxRead: number;
  /** Least write units a second. */
  readonly minWrite: number;
  /** Most write units a second. */
  readonly maxWrite: number;

  /**
   * Part of the capacity in use that scaling aims at.
   *
   * Range: 20 to 90 percent.
   *
   * @default 70
   */
  readonly targetUtilizationPercent?: number;
}

/** How the table is billed. */
export class LimiterBilling {
  /**
   * By request: nothing is paid for a table that is not used, and it takes any load that grows slowly.
   *
   * @param options bounds
   */
  public static onDemand(options: OnDemandOptions = {}): LimiterBilling {
    return new LimiterBilling(options, undefined);
  }

  /**
   * By the hour, with capacity that follows the load. For a load that is steady and known.
   *
   * @param options bounds of the capacity of the table, and of each index
   */
  public static provisioned(options: ProvisionedOptions): LimiterBilling {
    return new LimiterBilling(undefined, options);
  }

  private constructor(private readonly byRequest: OnDemandOptions | undefined, private readonly byHour: ProvisionedOptions | undefined) {}

  /** @internal */
  public _tableProps(): Partial<dynamodb.TableProps> {
    if (this.byHour === undefined) return { billingMode: dynamodb.BillingMode.PAY_PER_REQUEST, ...this.byRequest };
    return { billingMode: dynamodb.BillingMode.PROVISIONED, ...this._indexProps() };
  }

  /** @internal */
  public _indexProps(): Pick<dynamodb.TableProps, 'readCapacity' | 'writeCapacity' | 'maxReadRequestUnits' | 'maxWriteRequestUnits'> {
    return this.byHour === undefined ? { ...this.byRequest } : { readCapacity: this.byHour.minRead, writeCapacity: this.byHour.minWrite };
  }

  /** @internal */
  public _scale(table: dynamodb.Table): void {
    if (this.byHour === undefined) return;
    const { minRead, maxRead, minWrite, maxWrite, targetUtilizationPercent = 70 } = this.byHour;
    const [read, write] = [{ minCapacity: minRead, maxCapacity: maxRead }, { minCapacity: minWrite, maxCapacity: maxWrite }];
    table.autoScaleReadCapacity(read).scaleOnUtilization({ targetUtilizationPercent });
    table.autoScaleWriteCapacity(write).scaleOnUtilization({ targetUtilizationPercent });
    for (const { name } of GLOBAL_INDEXES) {
      table.autoScaleGlobalSecondaryIndexReadCapacity(name, read).scaleOnUtilization({ targetUtilizationPercent });
      table.autoScaleGlobalSecondaryIndexWriteCapacity(name, write).scaleOnUtilization({ targetUtilizationPercent });
    }
  }

  /** @internal */
  public _check(problems: Problems): void {
    const units = (prop: string, value: number | undefined): void => problems.integer('BILLING_RANGE', `table.billing.${prop}`, value, 1, MAX_UNITS);
    units('maxReadRequestUnits', this.byRequest?.maxReadRequestUnits);
    units('maxWriteRequestUnits', this.byRequest?.maxWriteRequestUnits);
    if (this.byHour === undefined) return;
    const { minRead, maxRead, minWrite, maxWrite, targetUtilizationPercent } = this.byHour;
    for (const [prop, value] of Object.entries({ minRead, maxRead, minWrite, maxWrite })) units(prop, value);
    problems.integer('BILLING_RANGE', 'table.billing.targetUtilizationPercent', targetUtilizationPercent, 20, 90);
    for (const [least, most, min, max] of [['minRead', 'maxRead', minRead, maxRead], ['minWrite', 'maxWrite', minWrite, maxWrite]] as const) {
      if (!Token.isUnresolved(min) && !Token.isUnresolved(max) && min > max) {
        problems.add('BILLING_RANGE', `table.billing.${least} must be at most ${most}, got ${min} and ${max}`);
      }
    }
  }
}

/** Far above what an account may ask for. */
const MAX_UNITS = 10_000_000;
