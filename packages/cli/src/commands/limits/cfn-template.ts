import { checkLimiterName } from '@zae-limiter/client/admin';
import { stringify } from 'yaml';
import { command } from '../../command/command.js';
import { choiceOr, optional, required } from '../../command/option.js';
import { limitsTemplate } from '../../manifest/limits-template.js';
import { openManifest } from '../../manifest/open-manifest.js';
import { writeNewFile } from '../../output/file.js';
import { fileOption } from './options.js';

export const cfnTemplate = command({
  path: 'limits cfn-template',
  summary: 'Print a CloudFormation template that applies a manifest',
  description: 'It has one Custom::ZaeLimiterLimits, which the function NAME-limits-provisioner of the same account and region carries out. Calls nothing.',
  scope: 'offline',
  effect: 'reads',
  writesFile: true,
  options: {
    name: required('-n, --name <name>', 'name of the limiter'),
    namespace: optional('-N, --namespace <namespace>', 'namespace; must be that of the manifest, if it names one', { env: 'ZAEL_NAMESPACE' }),
    file: fileOption,
    output: optional('-o, --output <file>', 'file to write; standard output unless given'),
    format: choiceOr('--format <format>', 'of the template', ['yaml', 'json'], 'yaml'),
    region: optional('--region <region>', 'accepted for compatibility; the template fits every region', { hidden: true }),
    endpointUrl: optional('--endpoint-url <url>', 'accepted for compatibility; nothing is called', { hidden: true }),
  },
  examples: ['limits cfn-template -n my-app -f limits.yaml > limits-stack.yaml'],
  async run(context, { name, namespace, file, output, format }) {
    checkLimiterName(name);
    const { manifest } = await openManifest(context, file, namespace || undefined);
    const template = limitsTemplate(name, manifest);
    const text = format === 'json' ? `${JSON.stringify(template, undefined, 2)}\n` : stringify(template, { lineWidth: 0 });
    if (output === undefined) return void context.io.stdout.write(text);
    await writeNewFile(context.io, output, text, { force: true });
    context.say(`Template exported to: ${output}`);
    return undefined;
  },
});
