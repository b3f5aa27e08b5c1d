import { ZaeLimiterProps } from '../zae-limiter-props';

/** Which parts a limiter has. */
export interface Parts {
  /** Whether anything may be created in IAM. */
  readonly iam: boolean;
  readonly aggregator: boolean;
  readonly provisioner: boolean;
  readonly archive: boolean;
  readonly backup: boolean;
  readonly probe: boolean;
  /** Whether there is any function. */
  readonly functions: boolean;
  /** Whether there is any log. */
  readonly logs: boolean;
}

/** A part is there unless it is switched off, and a function only when it can have a role. */
export function partsOf(props: ZaeLimiterProps): Parts {
  const { iam: iamOptions = {}, aggregator, provisioner, audit, backup, availabilityProbe, cloudTrail } = props;
  const createsIam = iamOptions.createResources ?? true;
  const aggregates = (aggregator?.enabled ?? true) && (createsIam || iamOptions.aggregatorRole !== undefined);
  const provisions = (provisioner?.enabled ?? true) && (createsIam || iamOptions.provisionerRole !== undefined);
  const probe = availabilityProbe !== undefined && (availabilityProbe.enabled ?? true);
  const functions = aggregates || provisions || probe;
  return {
    iam: createsIam,
    aggregator: aggregates,
    provisioner: provisions,
    archive: aggregates && (audit?.archive?.enabled ?? true),
    backup: backup !== undefined && (backup.enabled ?? true),
    probe,
    functions,
    logs: functions || cloudTrail?.alarms === true,
  };
}
