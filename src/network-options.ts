import * as ec2 from 'aws-cdk-lib/aws-ec2';

/**
 * Placement of the functions in a VPC. They need none.
 *
 * In one they need to reach DynamoDB and S3 (gateway endpoints cost nothing), the failure destination, and the
 * provisioner needs the bucket in which CloudFormation waits for answers, which a gateway endpoint of S3 reaches.
 */
export interface NetworkOptions {
  /** The VPC. */
  readonly vpc: ec2.IVpc;

  /**
   * Subnets of the functions.
   *
   * @default - the private subnets
   */
  readonly vpcSubnets?: ec2.SubnetSelection;

  /**
   * Security groups of the functions. They have to allow HTTPS to the outside.
   *
   * @default - one for each function, which allows everything to the outside
   */
  readonly securityGroups?: ec2.ISecurityGroup[];
}
