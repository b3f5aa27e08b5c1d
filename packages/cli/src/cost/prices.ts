/** Prices of AWS on demand, in US dollars. Taken from the pages named in `sources` on `date`. */
export const PRICES = {
  region: 'us-east-1',
  currency: 'USD',
  date: '2026-11-21',
  sources: { dynamodb: 'https://aws.amazon.com/dynamodb/pricing/on-demand/', lambda: 'https://aws.amazon.com/lambda/pricing/' },
  dynamodb: { millionWriteUnits: 0.625, millionReadUnits: 0.125, gigabyteMonth: 0.25 },
  lambda: { millionRequests: 0.2, gigabyteSecondArm: 0.0000133334 },
} as const;
