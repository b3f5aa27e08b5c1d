import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import * as logs from 'aws-cdk-lib/aws-logs';

type Settings = { readonly [name: string]: unknown };

/** Settings for one stage of an application. What is set beside a profile wins, setting by setting. */
export class Profile {
  /**
   * For a stage that comes and goes: everything is destroyed with the stack, logs are kept for a week, and nothing is archived.
   */
  public static development(): Profile {
    return new Profile({
      removalPolicy: RemovalPolicy.DESTROY,
      audit: { archive: { enabled: false } }, // CloudFormation deletes no bucket that holds objects
      logRetention: logs.RetentionDays.ONE_WEEK,
      alarms: { aggregatorErrors: { threshold: 10 } },
    });
  }

  /**
   * For a stage that is like production and that nobody depends on: the table can be restored for a week, logs are kept for a month.
   */
  public static staging(): Profile {
    return new Profile({
      logRetention: logs.RetentionDays.ONE_MONTH,
      pitrRecoveryPeriod: Duration.days(7),
      alarms: { aggregatorErrors: { threshold: 3 } },
    });
  }

  /**
   * For what others depend on: the table is protected and can be restored for 35 days, a copy of each day is kept for 120 days, of
   * which it is in cold storage after 30, logs are kept for three months, a dashboard shows the limiter, and a probe acquires every minute.
   */
  public static production(): Profile {
    return new Profile({
      removalPolicy: RemovalPolicy.RETAIN,
      deletionProtection: true,
      logRetention: logs.RetentionDays.THREE_MONTHS,
      pitrRecoveryPeriod: Duration.days(35),
      aggregator: { memorySize: 512 },
      backup: { moveToColdStorageAfter: Duration.days(30), deleteAfter: Duration.days(120) },
      dashboard: { enabled: true },
      availabilityProbe: {},
    });
  }

  private constructor(private readonly settings: Settings) {}

  /**
   * The props with the profile's settings where they have none.
   *
   * @internal
   */
  public _complete<T extends object>(props: T): T {
    const given = props as unknown as Settings;
    return merge(fitting(this.settings, given), given) as unknown as T;
  }
}

/** The profile's settings, without those that contradict what the props say of the same matter. */
function fitting(settings: Settings, { audit, backup }: Settings): Settings {
  const { audit: ownAudit, backup: ownBackup, ...rest } = settings;
  return {
    ...rest,
    ...(ownAudit !== undefined && !(isGroup(audit) && audit.archive !== undefined) && { audit: ownAudit }), // who sets up an archive wants it
    ...(ownBackup !== undefined && { backup: isGroup(backup) ? fittingLifecycle(ownBackup as Settings, backup) : ownBackup }),
  };
}

/** Cold storage takes 90 days at least: a backup that is kept for less time does not go there. */
function fittingLifecycle({ moveToColdStorageAfter: cold, ...lifecycle }: Settings, { deleteAfter }: Settings): Settings {
  const tooShort = deleteAfter instanceof Duration && !deleteAfter.isUnresolved()
    && deleteAfter.toDays({ integral: false }) < (cold as Duration).toDays() + 90;
  return tooShort ? lifecycle : { ...lifecycle, moveToColdStorageAfter: cold };
}

/** Goes into groups of settings, and takes everything else as one value. */
function merge(settings: Settings, props: Settings): Settings {
  const merged: { [name: string]: unknown } = { ...settings };
  for (const [name, value] of Object.entries(props)) {
    if (value === undefined) continue;
    const own = settings[name];
    merged[name] = isGroup(own) && isGroup(value) ? merge(own, value) : value;
  }
  return merged;
}

const isGroup = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && Object.getPrototypeOf(value) === Object.prototype;
