package app;

import io.github.zaelimiter.cdk.*;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import software.amazon.awscdk.App;
import software.amazon.awscdk.Duration;
import software.amazon.awscdk.RemovalPolicy;
import software.amazon.awscdk.Stack;
import software.amazon.awscdk.services.iam.IRole;
import software.amazon.awscdk.services.iam.Role;
import software.amazon.awscdk.services.lambda.Architecture;
import software.amazon.awscdk.services.lambda.CfnFunction;
import software.amazon.awscdk.services.lambda.Runtime;
import software.amazon.awscdk.services.logs.RetentionDays;

public final class Main {
    public static void main(String[] args) {
        App app = new App();
        Stack stack = new Stack(app, "app");

        ZaeLimiter limiter = ZaeLimiter.Builder.create(stack, "Limiter")
            .limiterName("prod")
            .table(TableOptions.builder()
                .billing(LimiterBilling.onDemand(OnDemandOptions.builder().maxWriteRequestUnits(1000).build()))
                .build())
            .removalPolicy(RemovalPolicy.RETAIN)
            .pitrRecoveryPeriod(Duration.days(35))
            .aggregator(AggregatorOptions.builder()
                .architecture(Architecture.X86_64)
                .runtime(Runtime.NODEJS_22_X)
                .stream(StreamOptions.builder().batchSize(500).maxBatchingWindow(Duration.seconds(30)).build())
                .sharding(ShardingOptions.builder().maxShardCount(8).build())
                .build())
            .usage(UsageOptions.builder().windows(List.of(SnapshotWindow.HOURLY, SnapshotWindow.MONTHLY)).build())
            .logRetention(RetentionDays.ONE_WEEK)
            .namespaces(List.of("default", "tenant-1"))
            .build();

        ResourceLimits gpt4 = ResourceLimits.builder()
            .limits(new TreeMap<>(Map.of( // the order of Map.of differs from run to run, and with it the template
                "requests", Limit.perMinute(500),
                "tokens", Limit.perMinute(10_000, BurstOptions.builder().burst(15_000).build()))))
            .build();
        ResourceLimits gpt4Premium = ResourceLimits.builder().limits(Map.of("requests", Limit.perMinute(1000))).build();
        limiter.addLimits("Limits", LimitsOptions.builder()
            .namespaceName("tenant-1")
            .system(SystemLimits.builder()
                .onUnavailable(OnUnavailable.BLOCK)
                .limits(Map.of("requests", Limit.perMinute(1000)))
                .build())
            .resources(Map.of("gpt-4", gpt4))
            .entities(Map.of("user-premium", EntityLimits.builder().resources(Map.of("gpt-4", gpt4Premium)).build()))
            .build());

        IRole role = Role.fromRoleName(stack, "Worker", "worker");
        limiter.grantAcquire(role);

        CfnFunction.Builder.create(stack, "Function")
            .role(role.getRoleArn())
            .runtime("nodejs24.x")
            .handler("index.handler")
            .code(CfnFunction.CodeProperty.builder().zipFile("exports.handler = async () => {};").build())
            .environment(CfnFunction.EnvironmentProperty.builder()
                .variables(limiter.clientEnvironment(ClientEnvironmentOptions.builder().namespaceName("tenant-1").build()))
                .build())
            .build();

        app.synth();
    }
}
