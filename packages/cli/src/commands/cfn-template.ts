import { command } from '../command/command.js';
import { choiceOr, optional, toggle } from '../command/option.js';
import { writeNewFile } from '../output/file.js';

export const cfnTemplate = command({
  path: 'cfn-template',
  summary: 'Print a template that plain CloudFormation deploys',
  description: 'The name of the stack is the name of the limiter. Upload the zip files that `lambda-export --function all` writes to a bucket of the '
    + 'same region first, and name it with the parameter CodeBucket. Settings are parameters by the names of the Python library: SnapshotWindows, '
    + 'SnapshotRetentionDays, EnablePITR, LogRetentionDays and more; with --no-parameters they are the defaults.',
  scope: 'offline',
  effect: 'reads',
  writesFile: true,
  options: {
    file: optional('-o, --output <file>', 'file to write; standard output unless given'),
    format: choiceOr('--format <format>', 'yaml or json', ['yaml', 'json'], 'yaml'),
    parameters: toggle('--parameters', 'keep settings as parameters', true),
  },
  examples: ['cfn-template > template.yaml', 'cfn-template -o template.json --format json'],
  async run(context, { file, format, parameters }) {
    const { plainTemplate } = await import('../stack/plain-template.js');
    const template = plainTemplate(parameters);
    const text = format === 'json' ? `${JSON.stringify(template, undefined, 2)}\n` : await yaml(template);
    if (file === undefined) return void context.io.stdout.write(text);
    await writeNewFile(context.io, file, text, { force: true });
    context.say(`${context.style.ok} Template exported to: ${file}`);
  },
});

/** CloudFormation reads YAML 1.1, which takes some words and dates for something else. */
async function yaml(template: object): Promise<string> {
  const { stringify } = await import('yaml');
  return stringify(template, { version: '1.1', lineWidth: 0, aliasDuplicateObjects: false });
}
