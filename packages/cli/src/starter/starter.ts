import { MANIFEST_SCHEMA_URL } from '../manifest/write-manifest.js';

/** Files to begin with. Pure. */

/** A manifest with an example on each level. */
export const starterManifest = (namespace: string): string => `# yaml-language-server: $schema=${MANIFEST_SCHEMA_URL}
namespace: ${JSON.stringify(namespace)}

# Where neither the entity nor the resource has limits. Numbers are tokens a minute, unless refill_period says otherwise.
system:
  on_unavailable: allow # or block: what clients do while the table cannot answer
  limits:
    requests: { capacity: 100 }

# For every entity without limits of its own.
resources:
  gpt-4:
    limits:
      requests: { capacity: 50 }
      tokens: { capacity: 90000, refill_amount: 1000, refill_period: 1 } # 1000 a second, bursts of 90 000

# For one entity, such as a user or an API key; _default_ stands for all other resources.
entities:
  user-premium:
    resources:
      gpt-4: { limits: { requests: { capacity: 500 }, tokens: { capacity: 900000 } } }
      _default_: { limits: { requests: { capacity: 200 } } }
`;

/** A program that works within the limits of the manifest. */
export const starterCode = (name: string, namespace: string): string => `import { isRateLimited, RateLimiter } from '@zae-limiter/client';

const limiter = await RateLimiter.open({ stack: ${JSON.stringify(name)}, namespace: ${JSON.stringify(namespace)} });

try {
  const reply = await limiter.run({ entity: 'user-1', resource: 'gpt-4', consume: { requests: 1, tokens: 500 } }, async (lease) => {
    // Call the model here, then say what it really took.
    lease.set({ tokens: 320 });
    return 'hello';
  });
  console.log(reply);
} catch (error) {
  if (!isRateLimited(error)) throw error;
  console.log(\`try again in \${error.retryAfterMs} ms\`);
}
`;
