/** Where the names of resources come from. */
export enum ResourceNaming {
  /** Every name begins with the name of the limiter, so that people and other programs can tell them. */
  FIXED = 'FIXED',
  /** CloudFormation names everything but the table, the backup plan and the parameters, so that a resource can be replaced. */
  GENERATED = 'GENERATED',
}
