from aws_cdk import App, Duration, RemovalPolicy, Stack, aws_iam as iam, aws_lambda as lambda_, aws_logs as logs
from zae_limiter_cdk import (
    AggregatorOptions, EntityLimits, Limit, LimiterBilling, OnUnavailable, ResourceLimits, ShardingOptions, SnapshotWindow,
    StreamOptions, SystemLimits, TableOptions, UsageOptions, ZaeLimiter,
)

app = App()
stack = Stack(app, "app")

limiter = ZaeLimiter(
    stack, "Limiter",
    limiter_name="prod",
    table=TableOptions(billing=LimiterBilling.on_demand(max_write_request_units=1000)),
    removal_policy=RemovalPolicy.RETAIN,
    pitr_recovery_period=Duration.days(35),
    aggregator=AggregatorOptions(
        architecture=lambda_.Architecture.X86_64,
        runtime=lambda_.Runtime.NODEJS_22_X,
        stream=StreamOptions(batch_size=500, max_batching_window=Duration.seconds(30)),
        sharding=ShardingOptions(max_shard_count=8),
    ),
    usage=UsageOptions(windows=[SnapshotWindow.HOURLY, SnapshotWindow.MONTHLY]),
    log_retention=logs.RetentionDays.ONE_WEEK,
    namespaces=["default", "tenant-1"],
)

limiter.add_limits(
    "Limits",
    namespace_name="tenant-1",
    system=SystemLimits(on_unavailable=OnUnavailable.BLOCK, limits={"requests": Limit.per_minute(1000)}),
    resources={
        "gpt-4": ResourceLimits(limits={"requests": Limit.per_minute(500), "tokens": Limit.per_minute(10_000, burst=15_000)}),
    },
    entities={
        "user-premium": EntityLimits(resources={"gpt-4": ResourceLimits(limits={"requests": Limit.per_minute(1000)})}),
    },
)

role = iam.Role.from_role_name(stack, "Worker", "worker")
limiter.grant_acquire(role)

lambda_.CfnFunction(
    stack, "Function",
    role=role.role_arn,
    runtime="nodejs24.x",
    handler="index.handler",
    code=lambda_.CfnFunction.CodeProperty(zip_file="exports.handler = async () => {};"),
    environment=lambda_.CfnFunction.EnvironmentProperty(variables=limiter.client_environment(namespace_name="tenant-1")),
)

app.synth()
