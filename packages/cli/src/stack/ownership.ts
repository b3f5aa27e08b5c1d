import { CliError } from '../errors.js';
import { outputsOf, tagsOf, type DeployedTemplate, type Stack } from './stacks.js';

/** Description of the templates that this program deploys. It is how its stacks are told from those of others. */
export const DESCRIPTION = 'Rate limiter, deployed by zae-limiter';

/** Resources of a stack of the construct that holds one limiter: its own, and what the CDK puts beside them. */
const OF_CONSTRUCT = /^(Limiter|CDKMetadata$|CustomS3AutoDeleteObjects)/;

/** The table in the template of the Python library. */
const PYTHON_TABLE = 'RateLimitsTable';

const isDeployedHere = ({ Description }: DeployedTemplate): boolean => Description === DESCRIPTION;

/** The construct tags the stack of an app as well, which may hold anything beside the limiter; the Python library has the same tags. */
export const isManaged = (stack: Stack): boolean => tagsOf(stack).ManagedBy === 'zae-limiter';

/** A stack of a load generator, which the Python library deploys. */
export const isLoadGenerator = (stack: Stack): boolean => isManaged(stack) && tagsOf(stack)['zae-limiter:type'] === 'load-test';

/** @throws {CliError} the stack is another's: its resources would be replaced by those of a limiter */
export function checkDeployable(stack: Stack, template: DeployedTemplate): void {
  const isEmpty = stack.StackStatus === 'REVIEW_IN_PROGRESS'; // a change set that nobody executed made it
  if (isEmpty || isDeployedHere(template)) return;
  throw foreign(`stack '${stack.StackName}' was not deployed by this program`, isManaged(stack)
    ? 'deploy it with what deployed it before, for example cdk deploy'
    : 'choose another name with --name');
}

/**
 * Takes stacks of this program, those of the Python library, and those that hold nothing but the limiter of this name.
 *
 * @throws {CliError} the stack is another's, or holds more than a limiter
 */
export function checkDeletable(name: string, stack: Stack, template: DeployedTemplate): void {
  if (isDeployedHere(template)) return;
  if (isLoadGenerator(stack)) {
    throw foreign(`stack '${stack.StackName}' is that of a load generator`, `zae-limiter loadtest delete --name ${name.replace(/-load$/, '')}   deletes it`);
  }
  const ids = Object.keys(template.Resources ?? {});
  const isPython = isManaged(stack) && ids.includes(PYTHON_TABLE);
  const isAlone = outputsOf(stack).TableName === name && ids.every((id) => OF_CONSTRUCT.test(id));
  if (isPython || isAlone) return;
  throw foreign(isManaged(stack)
    ? `stack '${stack.StackName}' holds more than a limiter, and was not deployed by this program`
    : `stack '${stack.StackName}' is not that of a limiter`,
  'delete it with what deployed it, for example cdk destroy');
}

/** @throws {CliError} the stack only has the name of one */
export function checkLoadGenerator(stack: Stack): void {
  if (!isLoadGenerator(stack)) {
    throw foreign(`stack '${stack.StackName}' is not that of a load generator`, 'zae-limiter loadtest list   shows what there is');
  }
}

const foreign = (message: string, ...hints: string[]): CliError => new CliError('FOREIGN_STACK', `${message}, nothing was done`, { hints });
